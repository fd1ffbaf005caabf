"""How much of some texts is copied from another text: the shares of runs of ids, and the longest copied run.

Each run has a 64-bit hash. The hash of a single id is random; the hash of a longer run combines those of its beginning
and its end, two shorter runs of equal length that meet or overlap. Lengths double, 1, 2, 4 ..., up to the last one. Two
different runs have the same hash about once in 10^19.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_IDS_AT_ONCE = 1 << 16  # ids of the source that are hashed together: few enough for a processor's cache
_TABLE_BITS = 20
_SEED = 7
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Copies:
    """Finds runs of `texts` that also occur in `source`; all are arrays of ids. Runs never span two texts.

    Runs that consist of `blanks` only do not count, neither as copied nor as runs: any text has them.
    """

    def __init__(
        self, source: np.ndarray, texts: Sequence[np.ndarray], vocab_size: int, blanks: ArrayLike = ()
    ) -> None:
        self._source = source
        self._texts = texts
        # For each text, the number of ids other than blanks before each place, and in all.
        self._visible = [np.concatenate(([0], np.cumsum(~np.isin(text, blanks)))) for text in texts]
        self._longest_text = max(map(len, texts), default=0)
        rng = np.random.default_rng(_SEED)
        self._codes = rng.integers(2**64, size=vocab_size, dtype=np.uint64)

    def share(self, n: int) -> float | None:
        """The share of the runs of `n` ids that are copied; None without any such run."""
        total = sum(int(mask.sum()) for mask in self._counted(n))
        return sum(int(mask.sum()) for mask in self._copied(n)) / total if total else None

    def longest(self) -> np.ndarray:
        """The ids of the longest copied run; the first one if there are several."""
        # Bisection works: such a run holds a shorter one, because without one of its ends it is still not all blanks.
        n = bisect_left(range(1, self._longest_text + 1), True, key=lambda size: self._first(size) is None)
        found = self._first(n) if n else None
        return np.empty(0, self._source.dtype) if found is None else found

    def _first(self, n: int) -> np.ndarray | None:
        """The first copied run of `n` ids."""
        for text, copied in zip(self._texts, self._copied(n), strict=True):
            if copied.any():
                start = int(copied.argmax())
                return text[start : start + n]
        return None

    def _counted(self, n: int) -> list[np.ndarray]:
        """A mask for each text: which of its runs of `n` ids are not all blanks."""
        return [visible[n:] > visible[:-n] for visible in self._visible]

    def _copied(self, n: int) -> list[np.ndarray]:
        """A mask for each text: which of its runs of `n` ids are copied and not all blanks."""
        hashes = [self._hashes(text, n) for text in self._texts]
        wanted = np.unique(np.concatenate(hashes))
        found = self._find(wanted, n)
        return [np.isin(each, found) & counted for each, counted in zip(hashes, self._counted(n), strict=True)]

    def _find(self, wanted: np.ndarray, n: int) -> np.ndarray:
        """The subset of the sorted hashes `wanted` that runs of the source have."""
        shift = np.uint64(64 - _TABLE_BITS)
        table = np.zeros(1 << _TABLE_BITS, bool)
        table[wanted >> shift] = True
        found = np.zeros(len(wanted), bool)
        for start in range(0, len(self._source) - n + 1, _IDS_AT_ONCE):
            hashes = self._hashes(self._source[start : start + _IDS_AT_ONCE + n - 1], n)
            likely = hashes[table[hashes >> shift]]  # a table look-up, after which few are left to search for
            places = np.searchsorted(wanted[:-1], likely)  # without the last, so that every place is an index
            found[places[wanted[places] == likely]] = True
        return wanted[found]

    def _hashes(self, ids: np.ndarray, n: int) -> np.ndarray:
        """The hashes of all runs of `n` ids."""
        if len(ids) < n:
            return np.empty(0, np.uint64)
        hashes, size = self._codes[ids], 1
        while 2 * size <= n:
            hashes, size = _joined(hashes[:-size], hashes[size:]), 2 * size
        return _joined(hashes[: size - n], hashes[n - size :]) if size < n else hashes


def _joined(beginnings: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Combine the hashes of beginnings and ends of runs, mixed well enough to hide any pattern in a text."""
    hashes = beginnings * _ODD
    hashes += ends
    hashes ^= hashes >> np.uint64(32)
    hashes *= _ODD
    hashes ^= hashes >> np.uint64(29)
    return hashes
