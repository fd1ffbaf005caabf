"""Whether stored ids are those that were written: a checksum of their file, and the largest id in it.

The checksum notices accidents, such as zeros after a power failure. The largest id keeps every index that is made of an
id inside its array, whoever wrote the file.
"""

import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

_BLOCK = 1 << 24  # bytes; a file larger than memory is read in blocks


class Contents(NamedTuple):
    """What a file of ids holds; `largest` is -1 if it is empty."""

    crc32: int
    largest: int


def contents_of(path: Path, dtype: str) -> Contents:
    """Read a file of ids.

    Raises:
        OSError: it cannot be read.
        ValueError: its size is not a whole number of ids.
    """
    crc32, largest = 0, -1
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            crc32 = zlib.crc32(block, crc32)
            largest = max(largest, int(np.frombuffer(block, dtype).max()))
    return Contents(crc32, largest)


def known_contents_of(path: Path, dtype: str) -> Contents:
    """`contents_of`, but a file is read once in a process, unless it changes."""
    stat = path.stat()
    return _known(path, dtype, (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=16)
def _known(path: Path, dtype: str, identity: tuple[int, ...]) -> Contents:
    return contents_of(path, dtype)
