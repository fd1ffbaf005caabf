"""The times of a run: how long it has trained, how fast, and how long it will take."""

import time
from collections.abc import Callable

SMOOTHING = 0.05  # weight of the newest update in the characters per second


class Stopwatch:
    """Measures the times of a run that has trained for `before` seconds already, with `used` of its budget used up."""

    def __init__(self, before: float, used: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.chars_per_second = 0.0  # smoothed
        self.evaluation_seconds = 0.0  # duration of the last evaluation
        self._clock = clock
        self._before = before
        self._used = used
        self._started = clock()
        self._saved = self._started
        self._evaluated = self._started
        self._evaluation_began = self._started
        self._updates_began: float | None = None  # when the first update began that `updates_ended` has not seen

    @property
    def seconds(self) -> float:
        """Seconds of the run, evaluations included, interruptions left out."""
        return self._before + self._clock() - self._started

    @property
    def since_save(self) -> float:
        """Seconds since the last save, or since the start."""
        return self._clock() - self._saved

    @property
    def since_evaluation(self) -> float:
        """Seconds since the end of the last evaluation, or since the start."""
        return self._clock() - self._evaluated

    def seconds_left(self, used: float) -> float | None:
        """Seconds until the budget is used up, if `used` of it is now; None before any of it is."""
        if used <= self._used:
            return None
        return (self._clock() - self._started) * (1 - used) / (used - self._used)

    def update_begins(self) -> None:
        """Note when an update begins."""
        if self._updates_began is None:
            self._updates_began = self._clock()

    def updates_ended(self, chars: list[int]) -> list[float]:
        """The smoothed characters per second after each of the updates since the last call, given their characters.

        Each update counts an equal share of the time: with the host ahead of the device, the end of each is unknown.
        """
        if self._updates_began is None:
            return []
        seconds = (self._clock() - self._updates_began) / max(1, len(chars))
        self._updates_began = None
        return [self._smoothed(count / seconds) for count in chars]

    def _smoothed(self, speed: float) -> float:
        old = self.chars_per_second or speed
        self.chars_per_second = (1 - SMOOTHING) * old + SMOOTHING * speed
        return self.chars_per_second

    def saved(self) -> None:
        """Note that a checkpoint was written."""
        self._saved = self._clock()

    def evaluation_begins(self) -> None:
        """Note when an evaluation begins."""
        self._evaluation_began = self._clock()

    def evaluation_ended(self) -> None:
        """Note when an evaluation ended."""
        self._evaluated = self._clock()
        self.evaluation_seconds = self._evaluated - self._evaluation_began
