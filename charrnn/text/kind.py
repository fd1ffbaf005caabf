"""Recognizes lists of names or words by the beginning of a text."""

from charrnn.text.formats import HEAD_BYTES, recognized_encoding
from charrnn.text.line_ends import IN_TEXT
from charrnn.text.reader import Reader
from charrnn.text.source import Source

_FEWEST_LINES = 200  # of fewer lines, too few can be held out
_SHORT_BYTES = 32  # names and words are not longer than this
_SHORT_FRACTION = 0.98  # share of lines that must be short and not empty; verse and code have empty lines


def is_list(source: Source, newlines: str = "keep") -> bool:
    """Whether the text looks like a list of names or words, one per line; several texts do if each of them does.

    Only the first block of each text is read, and empty texts do not count. `newlines` is 'lf' if all line ends will be
    made LF; otherwise lines end with LF or CRLF only.

    Raises:
        CorpusError: it cannot be read.
    """
    blocks = [next(Reader(text).raw(), b"") for text in source.texts or (source,)]
    counts = [_count_lines(block, newlines) for block in blocks if block]
    enough = sum(lines for lines, _ in counts) >= _FEWEST_LINES
    return enough and all(short >= max(1, _SHORT_FRACTION * lines) for lines, short in counts)


def _count_lines(block: bytes, newlines: str) -> tuple[int, int]:
    """The numbers of lines, and of short ones among them, in the first block of a text."""
    if encoding := recognized_encoding(block[:HEAD_BYTES]):
        block = block.decode(encoding, "replace").encode("utf-8", "replace")
    if newlines == "lf":
        for end in IN_TEXT.values():
            block = block.replace(end.encode(), b"\n")
    lines = block.split(b"\n")[:-1]  # without the last line, which the end of the block may cut off
    short = sum(0 < len(line.rstrip(b"\r")) <= _SHORT_BYTES for line in lines)
    return len(lines), short
