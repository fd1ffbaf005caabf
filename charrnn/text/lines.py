"""The lines of a list, in a new order for every epoch, so that a network cannot learn which line follows which."""

import numpy as np


class Lines:
    """The lines of `ids` (N,), each of which ends with the id `newline`."""

    def __init__(self, ids: np.ndarray, newline: int, seed: int) -> None:
        self._ids = ids
        self._seed = seed
        ends = np.flatnonzero(ids == newline) + 1
        self._starts = np.concatenate([[0], ends[:-1]])
        self._lengths = ends - self._starts

    def in_order_of(self, epoch: int) -> np.ndarray:
        """All lines (N,) in the order of `epoch`; epoch 0 keeps that of `ids`, which splitting has shuffled."""
        if epoch == 0:
            return self._ids
        counter = np.random.Philox(key=self._seed, counter=[0, 1, 0, epoch])  # the 1 sets it apart from chunk borders
        order = np.random.Generator(counter).permutation(len(self._starts))
        lengths = self._lengths[order]
        shifts = self._starts[order] - (np.cumsum(lengths) - lengths)  # from each line's new place to its old one
        return self._ids[np.repeat(shifts, lengths) + np.arange(len(self._ids))]
