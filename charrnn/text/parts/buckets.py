"""Records in numbered buckets on the disk, so that they can be put into another order without much RAM."""

from typing import BinaryIO

import numpy as np

from charrnn.text.parts.gathered import Gathered
from charrnn.text.parts.records import Records


class Buckets:
    """Records in `number` buckets, kept in a temporary `file`."""

    def __init__(self, file: BinaryIO, number: int, dtype: np.dtype) -> None:
        self._file = file
        self._number = number
        self._dtype = dtype
        # For each call of `add`, the place of its ids in the file, and the borders of the buckets in them.
        self._places: list[int] = []
        self._borders: list[np.ndarray] = []
        self._written = 0
        file.seek(0)
        file.truncate()

    def add(self, records: Records, chosen: np.ndarray, buckets: np.ndarray) -> None:
        """Put the records with the indices `chosen` into `buckets`, a number for each, both (R,)."""
        order = chosen[np.argsort(buckets, kind="stable")]
        for block in Gathered(records.ids, records.starts[order], records.lengths[order]).blocks():
            self._file.write(block.data)
        borders = np.cumsum(np.bincount(buckets + 1, records.lengths[chosen], self._number + 1))
        self._borders.append(borders.astype(np.min_scalar_type(int(borders[-1]))))  # small: there are many buckets
        self._places.append(self._written)
        self._written += int(borders[-1])

    def read(self, bucket: int) -> np.ndarray:
        """The ids of all records in a bucket, in the order in which they were added."""
        found = np.empty(self.size(bucket, bucket + 1), self._dtype)
        filled = 0
        for place, borders in zip(self._places, self._borders, strict=True):
            start, stop = borders[bucket : bucket + 2].tolist()
            self._file.seek((place + start) * self._dtype.itemsize)
            self._file.readinto(found[filled : filled + stop - start].data)  # type: ignore[attr-defined]  # all have it
            filled += stop - start
        return found

    def size(self, first: int, last: int) -> int:
        """The number of ids in the buckets from `first` to before `last`."""
        return sum(int(borders[last]) - int(borders[first]) for borders in self._borders)
