"""What kind of text it is, as far as its beginning tells."""

from charrnn.text.formats import marked_encoding
from charrnn.text.reader import Reader
from charrnn.text.source import Source

_LEAST_LINES = 200  # fewer hold out too few of them
_SHORT = 32  # bytes; names and words are
_SHARE = 0.98  # of the lines are short, and not empty: verse and code have empty lines


def is_list(source: Source) -> bool:
    """Whether the text looks like a list of names or words, one a line; reads its first block.

    Raises:
        CorpusError: it cannot be read.
    """
    block = next(Reader(source).raw(), b"")
    if encoding := marked_encoding(block):
        block = block.decode(encoding, "replace").encode("utf-8", "replace")
    lines = block.split(b"\n")[:-1]  # the end of the block cuts the last one off
    good = sum(0 < len(line.rstrip(b"\r")) <= _SHORT for line in lines)
    return len(lines) >= _LEAST_LINES and good >= _SHARE * len(lines)
