"""The kind of a text, judged by its beginning."""

from charrnn.text.formats import marked_encoding
from charrnn.text.reader import Reader
from charrnn.text.source import Source

_FEWEST_LINES = 200  # of fewer, too few can be held out
_SHORT_BYTES = 32  # names and words are no longer
_SHORT_FRACTION = 0.98  # of the lines must be short and not empty; verse and code have empty lines


def is_list(source: Source) -> bool:
    """Whether the text looks like a list of names or words, one per line; only its first block is read.

    Raises:
        CorpusError: it cannot be read.
    """
    block = next(Reader(source).raw(), b"")
    if encoding := marked_encoding(block):
        block = block.decode(encoding, "replace").encode("utf-8", "replace")
    lines = block.split(b"\n")[:-1]  # the end of the block cuts the last one off
    short = sum(0 < len(line.rstrip(b"\r")) <= _SHORT_BYTES for line in lines)
    return len(lines) >= _FEWEST_LINES and short >= _SHORT_FRACTION * len(lines)
