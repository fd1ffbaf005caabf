"""Training the trials of a sweep, each in a process of its own, a few of them at a time."""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from charrnn.runs.checkpoint import load
from charrnn.search.trials import Trial

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Began:
    """A trial is being trained."""

    trial: Trial


@dataclass(frozen=True)
class Ended:
    """A trial is trained, or has failed: `error` is the last it had to say."""

    trial: Trial
    val_loss: float | None
    error: str | None


class _Job(NamedTuple):
    trial: Trial
    process: subprocess.Popen


def run_trials(
    trials: Sequence[Trial], jobs: int, *, device: str = "auto", kernel: str = "auto", threads: int | None = None
) -> Generator[Began | Ended, None, None]:
    """Train them in their order, `jobs` at a time; one that fails does not keep the others from being trained.

    Whoever stops early must close the generator: that lets the trials that are on their way save and end.
    """
    waiting, running = deque(trials), dict[int, _Job]()
    try:
        while waiting or running:
            for place in range(jobs):
                if place not in running and waiting:
                    trial = waiting.popleft()
                    process = _start(trial, trial.command(device, kernel, threads), _processors(place, jobs))
                    running[place] = _Job(trial, process)
                    yield Began(trial)
                elif place in running and running[place].process.poll() is not None:
                    yield _ended(*running.pop(place))
            time.sleep(_POLL_SECONDS)
    finally:
        for job in running.values():
            job.process.terminate()
        for job in running.values():
            job.process.wait()


def _start(trial: Trial, command: list[str], processors: set[int]) -> subprocess.Popen:
    trial.log.parent.mkdir(parents=True, exist_ok=True)
    with trial.log.open("ab") as log:
        # A session of its own: Ctrl-C reaches this process alone, which then asks each trial once to stop.
        process = subprocess.Popen(
            [sys.executable, "-m", "charrnn", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    if processors:
        os.sched_setaffinity(process.pid, processors)
    return process


def _processors(place: int, jobs: int) -> set[int]:
    """The share of the processors that a job gets, so that jobs do not fight for them; empty: all of them."""
    if jobs == 1 or not hasattr(os, "sched_getaffinity"):
        return set()
    processors = sorted(os.sched_getaffinity(0))
    return set(processors[place::jobs] or [processors[place % len(processors)]])


def _ended(trial: Trial, process: subprocess.Popen) -> Ended:
    if process.returncode == 0:
        return Ended(trial, load(trial.run.last).progress.best_val_loss, None)
    lines = trial.log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    return Ended(trial, None, last.removeprefix("Error: ") or f"exit code {process.returncode}")
