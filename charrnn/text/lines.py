"""The lines of a list in a new order for every epoch, so that no network learns which line comes after which."""

import numpy as np


class Lines:
    """The lines of `ids` (N,), which end with a newline each."""

    def __init__(self, ids: np.ndarray, newline: int, seed: int) -> None:
        self._ids, self._seed = ids, seed
        ends = np.flatnonzero(ids == newline) + 1
        self._starts = np.concatenate([[0], ends[:-1]])
        self._lengths = ends - self._starts

    def in_order_of(self, epoch: int) -> np.ndarray:
        """All lines (N,); in epoch 0 as they are, as a list that is split into lines is shuffled already."""
        if epoch == 0:
            return self._ids
        counted = np.random.Philox(key=self._seed, counter=[0, 1, 0, epoch])  # not those that move borders of chunks
        order = np.random.Generator(counted).permutation(len(self._starts))
        lengths = self._lengths[order]
        moved = self._starts[order] - (np.cumsum(lengths) - lengths)  # from its new place back to its old one
        return self._ids[np.repeat(moved, lengths) + np.arange(len(self._ids))]
