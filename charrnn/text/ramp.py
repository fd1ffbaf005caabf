"""A batch that grows: a run begins with few streams, whose number doubles until it is batch_size.

Small batches make more updates of each pass over the text, large ones steadier updates. The budget has a stage of equal
length for each number of streams (`batch_ramp` 4: three stages, of a quarter, half and all of batch_size). Where a
stage begins, the text is cut anew into its streams, and they start from zero.

Source: Smith et al. 2018, "Don't decay the learning rate, increase the batch size".
"""

from fractions import Fraction
from typing import Any

import numpy as np

from charrnn.config import LISTS, Config
from charrnn.text.batches import Batches, Chunk
from charrnn.text.lines import Lines


class Ramp:
    """What `Batches` is, in stages; with a `batch_ramp` of 1 it has a single one. Chunks are numbered over all stages.

    `newline` is the id of one, if there is: of a list, each epoch has the lines in an order of its own.
    per_epoch: chunks of a pass over the text, in the mean over a run.
    """

    def __init__(self, config: Config, ids: np.ndarray, newline: int | None = None) -> None:
        doublings = config.batch_ramp.bit_length() - 1
        jitter = config.seed if config.random_lengths else None
        self._sizes = [max(1, config.batch_size >> left) for left in range(doublings, -1, -1)]
        lines = Lines(ids, newline, config.seed) if config.split in LISTS and len(ids) and ids[-1] == newline else None
        self._stages = [
            Batches(ids, size, config.seq_len, jitter_seed=jitter, lines=lines, stage=stage)
            for stage, size in enumerate(self._sizes)
        ]
        self.per_epoch = float(len(self._stages) / sum(Fraction(1, each.per_epoch) for each in self._stages))
        self._stage, self._first, self._epochs = 0, 0, 0.0  # the stage, and the chunk and the epoch it began with

    @property
    def batch_size(self) -> int:
        """Streams of this stage."""
        return self._sizes[self._stage]

    def advance(self, number: int, used: float) -> bool:
        """Begin the next stage with chunk `number` if enough of the budget is used; whether it began."""
        if used * len(self._stages) < self._stage + 1 or self._stage + 1 == len(self._stages):
            return False
        self._epochs, self._first, self._stage = self.epoch(number), number, self._stage + 1
        return True

    @property
    def stage(self) -> Batches:
        """The chunks of this stage, which counts its own."""
        return self._stages[self._stage]

    def within_stage(self, number: int) -> int:
        """The stage's number of chunk `number`."""
        return number - self._first

    def chunk(self, number: int) -> Chunk:
        """Chunk `number`, counted from 0, of this stage."""
        return self.stage.chunk(self.within_stage(number))

    def starts_text(self, number: int) -> bool:
        """Whether chunk `number` begins a stage or an epoch, with a fresh hidden state."""
        return self.stage.starts_text(self.within_stage(number))

    def epoch(self, number: int) -> float:
        """Passes over the text that were made before chunk `number`."""
        return self._epochs + self.stage.epoch(self.within_stage(number))

    def state(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"stage": self._stage, "first": self._first, "epochs": self._epochs} if self._stage else {}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""
        if state:
            self._stage, self._first, self._epochs = state["stage"], state["first"], state["epochs"]
