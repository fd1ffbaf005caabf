"""Finds lines in an encoded text in one pass over it, a block at a time."""

from collections.abc import Iterator

import numpy as np

from charrnn.text.tokens import Tokens
from charrnn.text.vocabulary import Vocabulary

IDS_AT_ONCE = 1 << 20  # ids that are decoded together


def known_lines(tokens: Tokens, lines: set[str]) -> set[str]:
    """The subset of `lines`, given without newlines, that are lines of any part of the text.

    If a part begins or ends within a line, the fragment counts as a line. Bytes that are not UTF-8 are compared as
    `surrogateescape` decodes them. A text without line ends has no lines.
    """
    found: set[str] = set()
    if tokens.vocabulary.newline is None or not lines:
        return found
    longest = max(map(len, lines))
    for part in tokens.parts:
        for piece in whole_lines(part, tokens.vocabulary, errors="surrogateescape", longest=longest):
            found.update(lines.intersection(piece.removesuffix("\n").split("\n")))
            tokens.release()
    return found


def whole_lines(
    ids: np.ndarray, vocabulary: Vocabulary, *, errors: str = "replace", longest: int | None = None
) -> Iterator[str]:
    """Decode the text of `ids` in pieces of whole lines; the last piece may lack its newline.

    A line that spans pieces and is longer than `longest` characters may be cut, but never to `longest` or fewer: the
    memory that a search needs does not depend on the text's lines. `errors` is that of `Vocabulary.decoder`.
    """
    decoder = vocabulary.decoder(errors)
    held = ""
    for start in range(0, len(ids), IDS_AT_ONCE):
        stop = start + IDS_AT_ONCE
        text = held + decoder.decode(ids[start:stop], final=stop >= len(ids))
        lines, newline, held = text.rpartition("\n")
        if longest is not None:
            held = held[: longest + 1]
        if newline:
            yield lines + newline
    if held:
        yield held
