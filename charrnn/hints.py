"""Parts of messages: commands to paste into a shell, the nearest name, plurals; and the type of progress calls.

Also what makes a text from anywhere fit to be shown: without control characters, and not too long.
"""

import difflib
import re
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

OnProgress = Callable[[int, int], None]  # called with (done, total), in any unit

LONGEST_LINE = 300 - len("Error: ")  # characters of a message
_LONGEST_VALUE = 60  # characters of a value in a message that is too long
# Control, format, surrogate, line and paragraph separator: they can move the cursor or change the writing direction.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # format characters that shape ordinary words and emoji


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


def visible(text: str) -> str:
    """`text` with control characters as escapes and tabs as spaces; line feeds stay."""
    return harmless(text.expandtabs(4))


def harmless(text: str) -> str:
    """`text` with control characters as escapes, except line feeds and tabs."""
    return "".join(map(_visible, text)) if not text.isprintable() else text


def _visible(character: str) -> str:
    if character in "\n\t" or character in _JOINERS or unicodedata.category(character) not in _UNSEEN:
        return character
    return ascii(character)[1:-1]


def shortened(text: str, most: int = _LONGEST_VALUE) -> str:
    """`text` without its middle if it has more than `most` characters."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def in_one_line(message: str) -> str:
    """A message with control characters as escapes, in one line of at most LONGEST_LINE characters.

    First the values in it lose their middles, so that what is wrong and what to do stay; then the message does.
    """
    if len(message) > LONGEST_LINE:
        message = re.sub(rf"\S{{{_LONGEST_VALUE + 1},}}|'[^']{{{_LONGEST_VALUE},}}'", _short_value, message)
    message = harmless(shortened(message, 4 * LONGEST_LINE)).replace("\n", "\\n").replace("\t", " ")
    return shortened(message, LONGEST_LINE)


def _short_value(found: "re.Match[str]") -> str:
    return shortened(found[0])
