"""A growing batch: a run begins with few streams, whose number doubles until it is batch_size.

Small batches make more updates per pass over the text, large ones steadier updates. The budget is divided into stages
of equal length, one for each number of streams: `batch_ramp` 4 gives three stages, with a quarter, half and all of
batch_size. At the start of a stage the text is divided into new streams, and they begin with a hidden state of zeros.

Source: Smith et al. 2018, "Don't decay the learning rate, increase the batch size".
"""

from fractions import Fraction
from typing import Any

import numpy as np

from charrnn.config import LISTS, Config
from charrnn.text.streams.batches import Batches, Chunk, Span, Streams
from charrnn.text.streams.orders import Orders


class Ramp:
    """`Batches` in stages, or in a single one with a `batch_ramp` of 1. Chunks are numbered over all stages.

    `separator` has the ids that end a record; the records of a list come in a new order in each epoch.
    per_epoch: chunks per pass over the text, averaged over a run.
    """

    def __init__(self, config: Config, ids: np.ndarray, separator: np.ndarray) -> None:
        doublings = config.batch_ramp.bit_length() - 1
        jitter = config.seed if config.random_lengths else None
        orders = None
        if config.split in LISTS and len(separator) and np.array_equal(ids[-len(separator) :], separator):
            orders = Orders(ids, separator, config.seed)
        self._sizes = [max(1, config.batch_size >> left) for left in range(doublings, -1, -1)]
        self._stages = [
            Batches(ids, size, config.seq_len, jitter_seed=jitter, orders=orders, stage=stage)
            for stage, size in enumerate(self._sizes)
        ]
        self.per_epoch = float(len(self._stages) / sum(Fraction(1, each.per_epoch) for each in self._stages))
        self._stage = 0
        self._first = 0  # the chunk that the stage began with
        self._epochs = 0.0  # passes over the text before the stage

    @property
    def batch_size(self) -> int:
        """Streams of the current stage."""
        return self._sizes[self._stage]

    def advance(self, number: int, used: float) -> bool:
        """Begin the next stage with chunk `number` if its time has come; returns whether it has begun.

        used: the fraction of the budget that is used up.
        """
        if used * len(self._stages) < self._stage + 1 or self._stage + 1 == len(self._stages):
            return False
        self._epochs = self.epoch(number)
        self._first = number
        self._stage += 1
        return True

    @property
    def streams(self) -> Streams:
        """The streams of the current stage."""
        return self._current.streams

    @property
    def longest(self) -> int:
        """Time steps of the longest chunk."""
        return self._current.longest

    def chunk(self, number: int) -> Chunk:
        """Chunk `number`, counted from 0 over all stages; it must be one of the current stage."""
        return self.span(number).read()

    def span(self, number: int) -> Span:
        """The place of chunk `number`; the first one of a stage starts the text."""
        return self._current.span(number - self._first)

    def epoch(self, number: int) -> float:
        """Passes over the text that are complete before chunk `number`."""
        return self._epochs + self._current.epoch(number - self._first)

    @property
    def _current(self) -> Batches:
        """The chunks of the current stage, which counts them from its own start."""
        return self._stages[self._stage]

    def state(self) -> dict[str, Any]:
        """Plain values from which `load` restores the stage; empty in the first one."""
        return {"stage": self._stage, "first": self._first, "epochs": self._epochs} if self._stage else {}

    def load(self, state: dict[str, Any], number: int) -> None:
        """Continue with chunk `number` from a `state`.

        Raises:
            KeyError, ValueError: it is not the state of a run of these settings.
        """
        if not state:
            return
        stage, first, epochs = state["stage"], state["first"], state["epochs"]
        if type(stage) is not int or stage not in range(len(self._stages)):
            raise ValueError(f"stage {stage!r} is not one of {len(self._stages)}")
        if type(first) is not int or first > number:
            raise ValueError(f"stage {stage} begins after chunk {number}")
        self._stage = stage
        self._first = first
        self._epochs = float(epochs)
