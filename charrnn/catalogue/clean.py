"""Cleaning of fetched texts: steps that a corpus file names, each a function from text to text."""

import re
from collections.abc import Callable, Iterable

# A direction stands between underscores. It may go on in the next line but not in the next paragraph, and may open a
# bracketed one that closes with it: _Burthen _[dispersedly, within_
_DIRECTION = r"_(?:[^_\n]|_\[|\n(?!\n))*_"


def unescape_markdown(text: str) -> str:
    r"""Take the backslash off what Markdown escapes: `\[`, `\-`, `\.`."""
    return re.sub(r"\\([^\w\s])", r"\1", text)


def drop_headings(text: str) -> str:
    """Leave out lines that begin with `#`."""
    return re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)


def drop_directions(text: str) -> str:
    """Leave out `_stage directions_`, with their lines where nothing else stands in them."""
    return re.sub(rf"^{_DIRECTION}[ \t]*\n|{_DIRECTION}", "", text, flags=re.MULTILINE)


def name_speakers(text: str) -> str:
    """Turn the speaker `**Name**` into `Name:`."""
    return re.sub(r"\*\*(.*?)\*\*", r"\1:", text)


def tidy_lines(text: str) -> str:
    """Take off blanks at line ends, leave one empty line where there are more, end with one newline."""
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


CLEANING: dict[str, Callable[[str], str]] = {
    "unescape-markdown": unescape_markdown,
    "drop-headings": drop_headings,
    "drop-directions": drop_directions,
    "name-speakers": name_speakers,
    "tidy-lines": tidy_lines,
}


def clean(text: str, steps: Iterable[str]) -> str:
    """`text` after the steps of these names, in this order."""
    for step in steps:
        text = CLEANING[step](text)
    return text
