"""Learning-rate schedules: what share of the highest rate a step gets.

`progress` is 0 at the start of the run and 1 when its budget is used up; `epoch` counts passes over the text.
"""

import math
from typing import Any, Protocol

from charrnn.config import Config


class Schedule(Protocol):
    """A factor between 0 and 1 for the learning rate."""

    def factor(self, progress: float, epoch: float) -> float:
        """Share of the highest rate."""

    def observe(self, val_loss: float) -> None:
        """Take note of an evaluation."""

    def state(self) -> dict[str, Any]:
        """What a resumed run must know."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""


class _Stateless:
    def observe(self, val_loss: float) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        pass


class Constant(_Stateless):
    """Always the full rate."""

    def factor(self, progress: float, epoch: float) -> float:
        return 1.0


class Step(_Stateless):
    """The rate times `decay` at the end of epoch `decay_after` and of every later one, as char-rnn does it."""

    def __init__(self, decay: float, decay_after: float) -> None:
        self.decay, self.first = decay, max(math.ceil(decay_after), 1)

    def factor(self, progress: float, epoch: float) -> float:
        return self.decay ** max(0, math.floor(epoch) - self.first + 1)


class Cosine(_Stateless):
    """A straight rise over the first `warmup`, then half a cosine down to `final_rate`.

    Source: Loshchilov and Hutter 2017, without restarts.
    """

    def __init__(self, warmup: float, final_rate: float) -> None:
        self.warmup, self.final_rate = warmup, final_rate

    def factor(self, progress: float, epoch: float) -> float:
        progress = min(progress, 1.0)
        if progress < self.warmup:
            return max(progress / self.warmup, 0.01)  # the very first step must learn something too
        if self.warmup == 1:
            return 1.0
        falling = (progress - self.warmup) / (1 - self.warmup)
        return self.final_rate + (1 - self.final_rate) * (1 + math.cos(math.pi * falling)) / 2


class Plateau:
    """The rate times `decay` whenever `patience` evaluations in a row brought no better loss."""

    def __init__(self, decay: float, patience: int) -> None:
        self.decay, self.patience = decay, patience
        self._factor, self._best, self._waited = 1.0, math.inf, 0

    def factor(self, progress: float, epoch: float) -> float:
        return self._factor

    def observe(self, val_loss: float) -> None:
        if val_loss < self._best:
            self._best, self._waited = val_loss, 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self._factor, self._waited = self._factor * self.decay, 0

    def state(self) -> dict[str, Any]:
        return {"factor": self._factor, "best": None if math.isinf(self._best) else self._best, "waited": self._waited}

    def load(self, state: dict[str, Any]) -> None:
        self._factor, self._waited = state["factor"], state["waited"]
        self._best = math.inf if state["best"] is None else state["best"]


def build(config: Config) -> Schedule:
    """The schedule that the configuration names."""
    return {
        "constant": lambda: Constant(),
        "step": lambda: Step(config.decay, config.decay_after),
        "cosine": lambda: Cosine(config.warmup, config.final_rate),
        "plateau": lambda: Plateau(config.decay, config.plateau_patience),
    }[config.schedule]()
