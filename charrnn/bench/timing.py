"""Seconds of phases, spreads and rates; all sides are timed by this module.

A CPU is timed by the clock, and a GPU by events in its queue, so that it never waits for the host.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from charrnn.device.backend import Backend

_TRIAL_SECONDS = 0.1
_TRIALS = 5


@dataclass(frozen=True)
class Spread:
    """The median, lowest and highest of some values."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], factor: float = 1.0) -> "Spread":
        """The spread of `values`, each multiplied by `factor`."""
        return cls(*(factor * float(value) for value in (np.median(values), min(values), max(values))))


class Clock(Protocol):
    """Marks moments, and later reads the time between two of them."""

    def now(self) -> Any:
        """Mark this moment; with a queue of work, the moment when everything queued so far is done."""

    def seconds(self, first: Any, second: Any) -> float:
        """Seconds between two moments; waits until both have passed."""


class HostClock:
    """The clock of the host."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.perf_counter()

    def seconds(self, first: float, second: float) -> float:
        """See `Clock.seconds`."""
        return second - first


class EventClock:
    """CuPy's events in the queue of a GPU."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda

    def now(self) -> Any:
        """See `Clock.now`."""
        event = self._cuda.Event()
        event.record()
        return event

    def seconds(self, first: Any, second: Any) -> float:
        """See `Clock.seconds`."""
        second.synchronize()
        return self._cuda.get_elapsed_time(first, second) / 1e3


def clock_of(backend: Backend) -> Clock:
    """The clock for a device."""
    return HostClock() if backend.device == "cpu" else EventClock(backend.xp.cuda)


class Laps:
    """Seconds of each phase in consecutive steps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: list[list[tuple[str, Any]]] = []  # the moments at which phases ended

    def start(self) -> None:
        """Begin a step."""
        self._steps.append([("", self._clock.now())])

    def __call__(self, phase: str) -> None:
        """Attribute the time since the last lap to `phase`."""
        self._steps[-1].append((phase, self._clock.now()))

    def seconds(self) -> dict[str, list[float]]:
        """Seconds of each phase, one number per step; "step" is the whole step."""
        found: dict[str, list[float]] = {}
        for laps in self._steps:
            step: dict[str, float] = {}
            for (_, before), (phase, moment) in pairwise(laps):
                step[phase] = step.get(phase, 0.0) + self._clock.seconds(before, moment)
            for phase, seconds in (*step.items(), ("step", sum(step.values()))):
                found.setdefault(phase, []).append(seconds)
        return found


def rate(repeat: Callable[[int], None]) -> float:
    """Repetitions per second of `repeat(count)`: the median of a few trials.

    A warm-up comes first, in which `count` doubles until a trial is long enough to be timed.
    """
    count = 1
    while (seconds := _seconds(repeat, count)) < _TRIAL_SECONDS:
        count *= 2
    return count / float(np.median([seconds, *(_seconds(repeat, count) for _ in range(_TRIALS - 1))]))


def _seconds(repeat: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    repeat(count)
    return time.perf_counter() - began
