"""How much of some texts is copied from another one: shares of runs, and the longest run of all.

A run is known by a 64-bit number. A single id has a random one; that of a longer run is made of those of two shorter
runs of equal length, its beginning and its end, which meet or overlap: 1, 2, 4 ... ids, and at last as many as wanted.
Two different runs have the same number about once in 10^19.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_IDS_AT_ONCE = 1 << 16  # ids of the source looked at together: few enough for a processor's cache
_TABLE_BITS = 20
_SEED = 7
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Copies:
    """What of `texts` is also in `source`; all are ids, each text an array. Runs never span two texts."""

    def __init__(self, source: np.ndarray, texts: Sequence[np.ndarray], vocab_size: int) -> None:
        self._source, self._texts = source, texts
        self._longest_text = max(map(len, texts), default=0)
        rng = np.random.default_rng(_SEED)
        self._codes = rng.integers(2**64, size=vocab_size, dtype=np.uint64)

    def share(self, n: int) -> float | None:
        """The share of all runs of `n` ids that are copied; None where no text is so long."""
        masks = self._copied(n)
        total = sum(map(len, masks))
        return sum(int(mask.sum()) for mask in masks) / total if total else None

    def longest(self, blanks: ArrayLike = ()) -> np.ndarray:
        """The ids of the longest copied run that is not all `blanks`; the first of them, where there are several."""
        # What holds such a run holds a shorter one as well: it can lose one of its ends, and is still not all blanks.
        n = bisect_left(range(1, self._longest_text + 1), True, key=lambda size: self._first(size, blanks) is None)
        return self._first(n, blanks) if n else np.empty(0, self._source.dtype)

    def _first(self, n: int, blanks: ArrayLike) -> np.ndarray | None:
        """The first copied run of `n` ids that is not all `blanks`."""
        for text, copied in zip(self._texts, self._copied(n), strict=True):
            said = np.concatenate(([0], np.cumsum(~np.isin(text, blanks))))  # before each place, and in all
            found = np.flatnonzero(copied & (said[n:] > said[:-n]))
            if len(found):
                return text[found[0] : found[0] + n]
        return None

    def _copied(self, n: int) -> list[np.ndarray]:
        """For each text, which of its runs of `n` ids are copied."""
        numbers = [self._numbers(text, n) for text in self._texts]
        wanted = np.unique(np.concatenate(numbers))
        found = self._find(wanted, n)
        return [np.isin(each, found) for each in numbers]

    def _find(self, wanted: np.ndarray, n: int) -> np.ndarray:
        """Those of the sorted numbers `wanted` that runs of the source have."""
        shift = np.uint64(64 - _TABLE_BITS)
        table = np.zeros(1 << _TABLE_BITS, bool)
        table[wanted >> shift] = True
        found = np.zeros(len(wanted), bool)
        for start in range(0, len(self._source) - n + 1, _IDS_AT_ONCE):
            numbers = self._numbers(self._source[start : start + _IDS_AT_ONCE + n - 1], n)
            likely = numbers[table[numbers >> shift]]  # a look-up that spares nearly all of them the search
            places = np.searchsorted(wanted[:-1], likely)  # what is above all of them finds the last
            found[places[wanted[places] == likely]] = True
        return wanted[found]

    def _numbers(self, ids: np.ndarray, n: int) -> np.ndarray:
        """The numbers of all runs of `n` ids."""
        if len(ids) < n:
            return np.empty(0, np.uint64)
        numbers, size = self._codes[ids], 1
        while 2 * size <= n:
            numbers, size = _joined(numbers[:-size], numbers[size:]), 2 * size
        return _joined(numbers[: size - n], numbers[n - size :]) if size < n else numbers


def _joined(beginnings: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The numbers of runs from those of their beginnings and ends, mixed well: no pattern in a text shows in them."""
    numbers = beginnings * _ODD
    numbers += ends
    numbers ^= numbers >> np.uint64(32)
    numbers *= _ODD
    numbers ^= numbers >> np.uint64(29)
    return numbers
