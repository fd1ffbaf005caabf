"""What a worker process is asked to do, and asking it.

A fresh process for each measurement keeps one side's threads, memory and caches out of the other's way.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.bench.workload import Workload
from charrnn.config import Config
from charrnn.errors import BackendError

TORCH = "torch"
GRAPH = ", CUDA graph"  # at the end of the names of its variants that replay one
_HOME = Path(__file__).parents[2]  # of this very package: the worker must not find another one


@dataclass(frozen=True)
class Job:
    """Which side to measure (a kernel by name, or torch), and how. `variant` is one of torch's, `precision` is ours.

    `steps` are timed; None: as many as a second holds.
    """

    side: str
    device: str
    workload: Workload
    steps: int | None = None
    sampling: bool = False
    variant: str = ""
    precision: str = Config.precision

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Job":
        """The inverse of dataclasses.asdict."""
        return cls(**{**fields, "workload": Workload(**fields["workload"])})


def measure(job: Job) -> dict[str, Any]:
    """Measure a side in a fresh process.

    Returns its `name`; the `precision` it has; `seconds`, a list for each phase and for the whole "step"; the `loss`
    after the warm-up; `memory` in bytes, the `peak` over all training steps and `before` anything was made (None where
    the system does not tell), on a GPU the device's; and `sampling` in characters a second.

    Raises:
        BackendError: the side does not work.
    """
    return _ask("measure", job)


def settle(job: Job) -> dict[str, Any]:
    """All of torch's variants for this job take turns in a fresh process.

    Returns the quickest `variant`; the `milliseconds` of each that works, by name; and why the others `failed`.

    Raises:
        BackendError: none of them works.
    """
    return _ask("settle", job)


def environment() -> dict[str, str]:
    """For a worker's process, which is to find this very package."""
    path = os.pathsep.join([str(_HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}


def _ask(task: str, job: Job) -> dict[str, Any]:
    worker = [sys.executable, "-m", "charrnn.bench.worker", task]
    process = subprocess.run(worker, input=json.dumps(asdict(job)), env=environment(), capture_output=True, text=True)
    if process.returncode:
        last = (process.stderr.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        raise BackendError(f"measuring {job.side} failed: {last}")
    answer = json.loads(process.stdout)
    if "error" in answer:
        raise BackendError(f"measuring {job.side} failed: {answer['error']}")
    return answer
