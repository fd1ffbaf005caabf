"""Commands that a message suggests, so that they can be pasted into a shell as they stand."""

import difflib
import shlex
from pathlib import Path
from typing import Any


def command(*words: object) -> str:
    """`charrnn` with `words`, those quoted that a shell would take apart; paths must not look like options."""
    return shlex.join(
        ["charrnn", *(f"./{word}" if isinstance(word, Path) and str(word)[0] == "-" else str(word) for word in words)]
    )


def nearest(name: str, names: Any) -> str:
    """The end of a message about a wrong name: the right one that is nearest, if one is near."""
    close = difflib.get_close_matches(str(name), list(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""
