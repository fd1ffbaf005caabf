"""Cleans fetched texts: a corpus file names the steps, each of which is a function from text to text."""

import re
from collections.abc import Callable, Iterable

# A stage direction is enclosed in underscores. It may continue on the next line, but not in the next paragraph, and may
# contain the start of a bracketed one that closes with it: _Burthen _[dispersedly, within_
_DIRECTION = r"_(?:[^_\n]|_\[|\n(?!\n))*_"


def unescape_markdown(text: str) -> str:
    r"""Remove the backslash from characters that Markdown escapes: `\[`, `\-`, `\.`."""
    return re.sub(r"\\([^\w\s])", r"\1", text)


def drop_headings(text: str) -> str:
    """Remove lines that begin with `#`."""
    return re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)


def drop_directions(text: str) -> str:
    """Remove `_stage directions_`, and lines that contain nothing else."""
    return re.sub(rf"^{_DIRECTION}[ \t]*\n|{_DIRECTION}", "", text, flags=re.MULTILINE)


def name_speakers(text: str) -> str:
    """Turn the speaker `**Name**` into `Name:`."""
    return re.sub(r"\*\*(.*?)\*\*", r"\1:", text)


def tidy_lines(text: str) -> str:
    """Remove blanks at line ends, reduce several empty lines to one, and end with one newline."""
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
    """Apply the named steps to `text`, in this order."""
    for step in steps:
        text = CLEANING[step](text)
    return text
