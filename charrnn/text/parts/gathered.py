"""Stretches of a text put one after another, without a copy of the text."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from charrnn.text.parts.pages import release

IDS_AT_ONCE = 1 << 16  # few, because the index of each takes 8 bytes
STRETCHES_KEPT = 1 << 10  # each makes up to 64 KiB of a mapped file resident; after this many, pages are released


class Gathered:
    """Stretches of `ids` in a given order, as an array that can be sliced; a slice is a copy.

    starts, lengths: of the stretches, in `ids`. They may overlap.
    """

    def __init__(self, ids: np.ndarray, starts: ArrayLike, lengths: ArrayLike) -> None:
        self._ids = ids
        self._starts = np.asarray(starts, np.int64)
        self._borders = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        self._resident = 0  # stretches read since pages were released

    @property
    def dtype(self) -> np.dtype:
        """The type of the ids."""
        return self._ids.dtype

    @property
    def size(self) -> int:
        """The number of ids."""
        return len(self)

    @property
    def nbytes(self) -> int:
        """Bytes that all ids take as an array."""
        return len(self) * self.dtype.itemsize

    def __len__(self) -> int:
        return int(self._borders[-1])

    def __getitem__(self, wanted: slice) -> np.ndarray:
        start, stop, step = wanted.indices(len(self))
        found = np.empty(max(0, stop - start), self.dtype)
        for offset in range(0, len(found), IDS_AT_ONCE):
            self._read(start + offset, found[offset : offset + IDS_AT_ONCE])
        return found[::step]

    def blocks(self) -> Iterator[np.ndarray]:
        """All ids, a block at a time."""
        for start in range(0, len(self), IDS_AT_ONCE):
            yield self[start : start + IDS_AT_ONCE]

    def is_at(self, place: int) -> bool:
        """Whether the stretches, except empty ones, follow each other in `ids` from `place` on."""
        moved = self._starts != place + self._borders[:-1]
        return not np.any(moved & (np.diff(self._borders) > 0))

    def _read(self, start: int, out: np.ndarray) -> None:
        """Fill `out` (N,) with the ids from place `start` on."""
        stop = start + len(out)
        first = int(np.searchsorted(self._borders, start, "right")) - 1
        last = int(np.searchsorted(self._borders, stop, "left"))
        shifts = self._starts[first:last] - self._borders[first:last]  # from a place in the order to one in `ids`
        lengths = np.diff(np.clip(self._borders[first : last + 1], start, stop))
        index = np.repeat(shifts, lengths)
        index += np.arange(start, stop)
        np.take(self._ids, index, out=out, mode="clip")  # clip only spares a copy: every index is in range
        self._resident += last - first
        if self._resident > STRETCHES_KEPT:
            release(self._ids)
            self._resident = 0


def are_in_place(parts: Sequence[object], length: int) -> bool:
    """Whether `parts` of an array of ids, one after another, are that array, which has `length` ids."""
    place = 0
    for part in parts:
        if not (isinstance(part, Gathered) and part.is_at(place)):
            return False
        place += len(part)
    return place == length
