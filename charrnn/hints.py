"""Parts of messages: commands to paste into a shell, the nearest name, plurals; and the type of progress calls."""

import difflib
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

OnProgress = Callable[[int, int], None]  # called with (done, total), in any unit


def command(*words: object) -> str:
    """A `charrnn` command line of `words`, quoted for a shell; a path never looks like an option.

    A program that is not on the PATH, as in an environment that is not activated, is named by its path.
    """
    program = "charrnn" if shutil.which("charrnn") or Path(sys.argv[0]).name != "charrnn" else sys.argv[0]
    return shlex.join(
        [program, *(f"./{word}" if isinstance(word, Path) and str(word)[0] == "-" else str(word) for word in words)]
    )


def nearest(name: object, names: Iterable[str]) -> str:
    """The end of a message about a wrong name: "; did you mean ...?" if one of `names` is similar, else empty."""
    close = difflib.get_close_matches(str(name), list(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def counted(number: int, thing: str) -> str:
    """`number` and `thing`, in the plural unless there is one: 1 file, 2 files."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
