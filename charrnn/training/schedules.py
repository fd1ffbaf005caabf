"""Learning-rate schedules: the share of the highest rate that a step uses.

`progress` is 0 at the start of the run and 1 when its budget is used up; `epoch` counts passes over the text.
"""

import math
from typing import Any, Protocol

from charrnn.config import Config


class Schedule(Protocol):
    """A factor between 0 and 1 for the learning rate."""

    def factor(self, progress: float, epoch: float) -> float:
        """The share of the highest rate after `progress` of the budget and `epoch` passes over the text."""

    def observe(self, val_loss: float) -> None:
        """Take the loss of an evaluation into account."""

    def state(self) -> dict[str, Any]:
        """Plain values for JSON, from which `load` restores the schedule."""

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""


class _Stateless:
    def observe(self, val_loss: float) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        pass


class Constant(_Stateless):
    """The full rate throughout."""

    def factor(self, progress: float, epoch: float) -> float:
        return 1.0


class StepDecay(_Stateless):
    """The rate is multiplied by `decay` at the end of epoch `decay_after` and of every later one, as in char-rnn."""

    def __init__(self, decay: float, decay_after: float) -> None:
        self.decay, self.first = decay, max(math.ceil(decay_after), 1)

    def factor(self, progress: float, epoch: float) -> float:
        return self.decay ** max(0, math.floor(epoch) - self.first + 1)


class Cosine(_Stateless):
    """A linear rise over the first `warmup` of the run, then half a cosine down to `final_rate`.

    Source: Loshchilov and Hutter 2017, without restarts.
    """

    def __init__(self, warmup: float, final_rate: float) -> None:
        self.warmup, self.final_rate = warmup, final_rate

    def factor(self, progress: float, epoch: float) -> float:
        progress = min(progress, 1.0)
        if progress < self.warmup:
            return max(progress / self.warmup, 0.01)  # so that the first step learns something, too
        if self.warmup == 1:
            return 1.0
        falling = (progress - self.warmup) / (1 - self.warmup)
        return self.final_rate + (1 - self.final_rate) * (1 + math.cos(math.pi * falling)) / 2


class Plateau:
    """The rate is multiplied by `decay` whenever `patience` evaluations in a row brought no better loss."""

    def __init__(self, decay: float, patience: int) -> None:
        self.decay = decay
        self.patience = patience
        self._factor = 1.0
        self._best = math.inf
        self._waited = 0

    def factor(self, progress: float, epoch: float) -> float:
        return self._factor

    def observe(self, val_loss: float) -> None:
        if val_loss < self._best:
            self._best = val_loss
            self._waited = 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self._factor *= self.decay
            self._waited = 0

    def state(self) -> dict[str, Any]:
        return {"factor": self._factor, "best": None if math.isinf(self._best) else self._best, "waited": self._waited}

    def load(self, state: dict[str, Any]) -> None:
        self._factor = float(state["factor"])
        self._waited = int(state["waited"])
        self._best = math.inf if state["best"] is None else float(state["best"])


def build(config: Config) -> Schedule:
    """The schedule that the configuration names."""
    schedules: dict[str, Schedule] = {
        "constant": Constant(),
        "step": StepDecay(config.decay, config.decay_after),
        "cosine": Cosine(config.warmup, config.final_rate),
        "plateau": Plateau(config.decay, config.plateau_patience),
    }
    return schedules[config.schedule]
