"""The records of a list, in a new order for every epoch, so that a network cannot learn which one follows which."""

from functools import cached_property

import numpy as np

from charrnn.text.parts.gathered import Gathered
from charrnn.text.parts.records import record_ends

MOST_PIECES = 1 << 20  # each takes some 40 bytes of RAM while an order is drawn


class Orders:
    """Orders of the records of `ids` (N,), each of which ends with `separator`.

    Of more than `MOST_PIECES` records, several that follow each other in `ids` stay together: splitting has shuffled
    them.
    """

    def __init__(self, ids: np.ndarray, separator: np.ndarray, seed: int) -> None:
        self._ids = ids
        self._separator = separator
        self._seed = seed

    def of(self, epoch: int) -> np.ndarray | Gathered:
        """All records in the order of `epoch`; epoch 0 keeps that of `ids`, which splitting has shuffled."""
        if epoch == 0:
            return self._ids
        counter = np.random.Philox(key=self._seed, counter=[0, 1, 0, epoch])  # the 1 sets it apart from chunk borders
        order = np.random.Generator(counter).permutation(len(self._borders) - 1)
        return Gathered(self._ids, self._borders[order], np.diff(self._borders)[order])

    @cached_property
    def _borders(self) -> np.ndarray:
        """The borders of the pieces; they are looked for only when a second epoch begins."""
        count = sum(map(len, record_ends(self._ids, self._separator)))
        every = max(1, -(-count // MOST_PIECES))
        kept, seen = [np.zeros(1, np.int64)], 0
        for ends in record_ends(self._ids, self._separator):
            kept.append(ends[(every - 1 - seen) % every :: every].copy())  # a view would keep all ends in RAM
            seen += len(ends)
        borders = np.concatenate(kept)
        return borders if borders[-1] == len(self._ids) else np.append(borders, len(self._ids))
