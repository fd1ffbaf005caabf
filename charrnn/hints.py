"""Commands that a message suggests, so that they can be pasted into a shell as they stand."""

import shlex
from pathlib import Path


def command(*words: object) -> str:
    """`charrnn` with `words`, those quoted that a shell would take apart; paths must not look like options."""
    return shlex.join(["charrnn", *(f"./{word}" if isinstance(word, Path) and str(word)[0] == "-" else str(word)
                                    for word in words)])  # fmt: skip
