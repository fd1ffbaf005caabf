"""Seconds of phases, spreads, rates. All sides are timed by this file."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

_TRIAL_SECONDS = 0.1
_TRIALS = 5


@dataclass(frozen=True)
class Spread:
    """A median and what lies around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], factor: float = 1.0) -> "Spread":
        """The spread of `values`, each times `factor`."""
        return cls(*(factor * float(value) for value in (np.median(values), min(values), max(values))))


class Laps:
    """Seconds of each phase of one step after another; waits for the device at every lap."""

    def __init__(self, synchronize: Callable[[], None]) -> None:
        self._synchronize = synchronize
        self.seconds: dict[str, list[float]] = {}

    def start(self) -> None:
        """Begin a step."""
        self._step: dict[str, float] = {}
        self._last = self._now()

    def __call__(self, phase: str) -> None:
        """The time since the last lap belongs to `phase`."""
        now = self._now()
        self._step[phase] = self._step.get(phase, 0.0) + now - self._last
        self._last = now

    def stop(self) -> None:
        """End the step; "step" is the sum of its phases."""
        for phase, seconds in (*self._step.items(), ("step", sum(self._step.values()))):
            self.seconds.setdefault(phase, []).append(seconds)

    def _now(self) -> float:
        self._synchronize()
        return time.perf_counter()


def rate(draw: Callable[[int], None]) -> float:
    """How many a second `draw(count)` does: the median of some trials, after a warm-up that also finds their length."""
    count = 1
    while (seconds := _seconds(draw, count)) < _TRIAL_SECONDS:
        count *= 2
    return count / float(np.median([seconds, *(_seconds(draw, count) for _ in range(_TRIALS - 1))]))


def _seconds(draw: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    draw(count)
    return time.perf_counter() - began
