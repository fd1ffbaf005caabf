"""Records in numbered buckets on the disk, so that they can be put into another order without much RAM."""

from typing import BinaryIO

import numpy as np

from charrnn.text.gathered import Gathered
from charrnn.text.records import Records


class Buckets:
    """Records in `number` buckets, kept in a temporary `file`."""

    def __init__(self, file: BinaryIO, number: int, dtype: np.dtype) -> None:
        self._file = file
        self._number = number
        self._dtype = dtype
        self._borders: list[np.ndarray] = []  # for each call of `add`, where the ids of each bucket begin and end
        self._written = 0
        file.seek(0)
        file.truncate()

    def add(self, records: Records, chosen: np.ndarray, buckets: np.ndarray) -> None:
        """Put the records with the indices `chosen` into `buckets`, a number for each, both (R,)."""
        order = chosen[np.argsort(buckets, kind="stable")]
        for block in Gathered(records.ids, records.starts[order], records.lengths[order]).blocks():
            self._file.write(block.data)
        sizes = np.bincount(buckets, records.lengths[chosen], self._number).astype(np.int64)
        self._borders.append(self._written + np.concatenate([[0], np.cumsum(sizes)]))
        self._written = int(self._borders[-1][-1])

    def read(self, bucket: int) -> np.ndarray:
        """The ids of all records in a bucket, in the order in which they were added."""
        pieces = [borders[bucket : bucket + 2].tolist() for borders in self._borders]
        found = np.empty(sum(stop - start for start, stop in pieces), self._dtype)
        filled = 0
        for start, stop in pieces:
            self._file.seek(start * self._dtype.itemsize)
            filled += self._file.readinto(found[filled : filled + stop - start].data) // self._dtype.itemsize  # type: ignore[attr-defined]  # of all files
        return found

    def size(self, first: int, last: int) -> int:
        """The number of ids in the buckets from `first` to before `last`."""
        return sum(int(borders[last] - borders[first]) for borders in self._borders)
