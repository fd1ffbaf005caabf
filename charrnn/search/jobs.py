"""Trains the trials of a sweep, each in a process of its own, one or several at a time."""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import fmean

from charrnn.device.processors import affinity
from charrnn.files import open_own
from charrnn.runs.checkpoint import load
from charrnn.search.trials import Trial

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Began:
    """The training of a trial began."""

    trial: Trial


@dataclass(frozen=True)
class Ended:
    """A trial was trained, or failed, in which case `error` is the last line that it printed.

    seconds_left: an estimate for the rest of the sweep; None if nothing is left, or no trial was trained yet.
    """

    trial: Trial
    val_loss: float | None
    error: str | None
    seconds_left: float | None = None


@dataclass(frozen=True)
class _Job:
    trial: Trial
    process: subprocess.Popen[bytes]
    began: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def run_trials(
    trials: Sequence[Trial], jobs: int, *, device: str = "auto", kernel: str = "auto", threads: int | None = None
) -> Generator[Began | Ended, None, None]:
    """Train the trials in their order, `jobs` at a time; a trial that fails does not stop the others.

    A caller that stops early must close the generator: it then lets the running trials save and end.
    """
    waiting, running, took = deque(trials), dict[int, _Job](), list[float]()
    try:
        while waiting or running:
            for place in range(jobs):
                if place not in running and waiting:
                    trial = waiting.popleft()
                    running[place] = _start(trial, trial.command(device, kernel, threads), _processors(place, jobs))
                    yield Began(trial)
                elif place in running and running[place].process.poll() is not None:
                    job = running.pop(place)
                    if job.process.returncode == 0:
                        took.append(job.seconds)
                    left = estimate(took, [each.seconds for each in running.values()], len(waiting), jobs)
                    yield _ended(job, left)
            time.sleep(_POLL_SECONDS)
    finally:
        for job in running.values():
            job.process.terminate()
        for job in running.values():
            job.process.wait()


def estimate(took: Sequence[float], running: Sequence[float], waiting: int, jobs: int) -> float | None:
    """Seconds until all trials are trained, `jobs` at a time, if each takes as long as those before.

    took: seconds of each trained trial. running: seconds since each running trial began.
    """
    left = waiting + len(running)
    if not left or not took:
        return None
    mean = fmean(took)
    return (waiting * mean + sum(max(0.0, mean - seconds) for seconds in running)) / min(jobs, left)


def _start(trial: Trial, command: list[str], processors: set[int]) -> _Job:
    """Begin to train a trial on these processors; if there are none, on all of them."""
    trial.log.parent.mkdir(parents=True, exist_ok=True)
    with open(open_own(trial.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as log:
        # In a session of its own: Ctrl-C reaches only this process, which then asks each trial once to stop.
        process = subprocess.Popen(
            [sys.executable, "-m", "charrnn", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if processors:
        with suppress(OSError):  # not permitted here, or the trial has ended already
            os.sched_setaffinity(process.pid, processors)
    return _Job(trial, process, time.monotonic())


def _processors(place: int, jobs: int) -> set[int]:
    """The processors of a job, so that jobs do not compete for them; empty if it may use all."""
    processors = sorted(affinity())
    if jobs == 1 or not processors:
        return set()
    return set(processors[place::jobs] or [processors[place % len(processors)]])


def _ended(job: _Job, seconds_left: float | None) -> Ended:
    trial, code = job.trial, job.process.returncode
    if code == 0:
        return Ended(trial, load(trial.run.last).progress.best_val_loss, None, seconds_left)
    lines = trial.log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    return Ended(trial, None, last.removeprefix("Error: ") or f"exit code {code}", seconds_left)
