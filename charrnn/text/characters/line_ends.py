"""Line ends other than LF: counted in a text that is read in blocks, and made LF on request."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import AnyStr

# CRLF is replaced first, so that a CR that is left stands alone. Bytes may be in any encoding; most encodings
# have these two.
IN_TEXT = {"CRLF": "\r\n", "CR": "\r", "NEL": "\x85", "U+2028": "\u2028", "U+2029": "\u2029"}
IN_BYTES = {"CRLF": b"\r\n", "CR": b"\r"}


def with_line_ends(
    blocks: Iterable[AnyStr], ends: dict[str, AnyStr], newlines: str, counts: Counter[str]
) -> Iterator[AnyStr]:
    """The blocks that are not empty, with `ends` made LF if `newlines` is 'lf'; `counts` counts them by their names.

    A CR that ends a block waits, because the next may begin with LF.
    """
    crlf, cr = ends["CRLF"], ends["CR"]
    nothing, lf = crlf[:0], crlf[1:]
    held = nothing
    for block in blocks:
        block = held + block
        held = cr if block.endswith(cr) else nothing
        if block := _counted(block.removesuffix(held), ends, lf, newlines, counts):
            yield block
    if held:
        yield _counted(held, ends, lf, newlines, counts)


def _counted(block: AnyStr, ends: dict[str, AnyStr], lf: AnyStr, newlines: str, counts: Counter[str]) -> AnyStr:
    found = {name: block.count(end) for name, end in ends.items()}
    found["CR"] -= found["CRLF"]
    for name, number in found.items():
        if number:
            counts[name] += number
            if newlines == "lf":
                block = block.replace(ends[name], lf)
    return block
