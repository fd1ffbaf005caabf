"""An excerpt of some files: all of their bytes if they are few, else short stretches from all over them."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from charrnn.errors import CorpusError
from charrnn.text.files.formats import content_size, file_content, plain_size

_STRETCH = 1 << 10  # bytes: what follows one of them at once is more of the same
_BLOCK = 1 << 16


def excerpt(files: Sequence[Path], most: int) -> np.ndarray:
    """At most `most` bytes (N,) of the content of `files`, in order; of large files, little is read.

    A compressed file is read to its end.

    Raises:
        CorpusError: a file cannot be read, or is damaged.
    """
    sizes = [content_size(file) for file in files]
    total = sum(sizes)
    if total <= most:
        starts, length = [0], total
    else:
        starts = np.linspace(0, total - _STRETCH, most // _STRETCH).astype(np.int64).tolist()
        length = _STRETCH
    begins = [0, *accumulate(sizes)]
    wanted: dict[int, list[tuple[int, int]]] = {}  # for each file, where stretches begin and end in it
    for start in starts:
        number = bisect_right(begins, start) - 1
        stop = start + length
        while number < len(files) and begins[number] < stop:
            here = (max(start, begins[number]) - begins[number], min(stop, begins[number + 1]) - begins[number])
            wanted.setdefault(number, []).append(here)
            number += 1
    found = (part for number, ranges in wanted.items() for part in _ranges(files[number], ranges))
    return np.frombuffer(b"".join(found), np.uint8)


def _ranges(file: Path, ranges: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """The bytes of a file's content from each start to its stop; ranges are in order and do not overlap."""
    if plain_size(file) is None:
        yield from _ranges_of_blocks(file, ranges)
        return
    try:
        with file.open("rb") as stream:
            for start, stop in ranges:
                stream.seek(start)
                yield stream.read(stop - start)
    except OSError as error:
        raise CorpusError(f"cannot read {file}: {error.strerror}; check the file") from error


def _ranges_of_blocks(file: Path, ranges: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Yield what `_ranges` does, in one pass over a file that cannot be read from its middle."""
    place = 0
    for block in file_content(file, _BLOCK):
        for start, stop in ranges:
            if start < place + len(block) and stop > place:
                yield block[max(0, start - place) : stop - place]
        place += len(block)
