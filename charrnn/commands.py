"""Commands that a message suggests, so that they can be pasted into a shell as they stand."""

import shlex


def command(*words: object) -> str:
    """`charrnn` with `words`, those quoted that a shell would take apart."""
    return shlex.join(["charrnn", *map(str, words)])
