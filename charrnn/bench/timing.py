"""Seconds of phases, spreads, rates. All sides are timed by this file.

A CPU is timed by the clock, a GPU by events in its queue: so it never waits for the host to look at a clock.
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
    """A median and what lies around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], factor: float = 1.0) -> "Spread":
        """The spread of `values`, each times `factor`."""
        return cls(*(factor * float(value) for value in (np.median(values), min(values), max(values))))


class Clock(Protocol):
    """Takes moments, and tells afterwards how far apart they were."""

    def now(self) -> Any:
        """This moment; where work is queued, that at which all that was asked for before is done."""

    def seconds(self, first: Any, second: Any) -> float:
        """Between two moments; waits until they have come."""


class HostClock:
    """The processor's own."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.perf_counter()

    def seconds(self, first: float, second: float) -> float:
        """See `Clock.seconds`."""
        return second - first


class EventClock:
    """Events in the queue of a GPU, by CuPy."""

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
    """What to time a device with."""
    return HostClock() if backend.device == "cpu" else EventClock(backend.xp.cuda)


class Laps:
    """Seconds of each phase of one step after another."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: list[list[tuple[str, Any]]] = []  # phases with the moments of their ends

    def start(self) -> None:
        """Begin a step."""
        self._steps.append([("", self._clock.now())])

    def __call__(self, phase: str) -> None:
        """What came since the last lap belongs to `phase`."""
        self._steps[-1].append((phase, self._clock.now()))

    def seconds(self) -> dict[str, list[float]]:
        """Of each phase, a number for each step; "step" is all of it."""
        found: dict[str, list[float]] = {}
        for laps in self._steps:
            step: dict[str, float] = {}
            for (_, before), (phase, moment) in pairwise(laps):
                step[phase] = step.get(phase, 0.0) + self._clock.seconds(before, moment)
            for phase, seconds in (*step.items(), ("step", sum(step.values()))):
                found.setdefault(phase, []).append(seconds)
        return found


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
