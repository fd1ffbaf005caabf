"""Jobs for worker processes, their answers, and how a process is asked.

Every measurement has a fresh process, so that the threads, memory and caches of one side do not disturb the other.
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
GRAPH = ", CUDA graph"  # ends the names of PyTorch's variants that replay a graph
_IMPORT_PATH = Path(__file__).parents[2]  # the worker must import this package, not another installed one


@dataclass(frozen=True)
class Job:
    """A side to measure, and how.

    side: the name of charrnn's kernels, or TORCH. steps: timed steps; None times a second's worth. variant: one of
    PyTorch's variants, unused by charrnn. precision: that of charrnn's matrix products, unused by PyTorch. threads:
    threads of the side, one per processor if None; refused by kernels without threads of their own.
    """

    side: str
    device: str
    workload: Workload
    steps: int | None = None
    sampling: bool = False
    variant: str = ""
    precision: str = Config.precision
    threads: int | None = None

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Job":
        """Build a job from the result of dataclasses.asdict."""
        return cls(**{**fields, "workload": Workload(**fields["workload"])})


@dataclass(frozen=True)
class MemoryUse:
    """Bytes in use: `before` the side was made, and at the `peak` over all training steps."""

    before: int
    peak: int


@dataclass(frozen=True)
class Measurement:
    """The answer to a job: what one process measured of its side.

    seconds: one number per step, for each phase and for the whole "step". loss: nats per character after the warm-up.
    memory: that of the process, or on a GPU of the device; None if the system does not report it. sampling: characters
    per second by kind, None unless the job asked for it.
    """

    name: str
    precision: str
    seconds: dict[str, list[float]]
    loss: float
    memory: MemoryUse | None
    sampling: dict[str, float] | None

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Measurement":
        """Build a measurement from the result of dataclasses.asdict."""
        memory = fields["memory"]
        return cls(**{**fields, "memory": MemoryUse(**memory) if memory else None})


@dataclass(frozen=True)
class VariantTrial:
    """PyTorch's fastest `variant`, the `milliseconds` per step of each, and why the other variants `failed`."""

    variant: str
    milliseconds: dict[str, float]
    failed: dict[str, str]


def measure(job: Job) -> Measurement:
    """Measure a side in a fresh process.

    Raises:
        BackendError: the side does not work.
    """
    return Measurement.from_dict(_ask("measure", job))


def try_variants(job: Job) -> VariantTrial:
    """Time PyTorch's variants for this job, alternating in one fresh process.

    Raises:
        BackendError: none of them works.
    """
    return VariantTrial(**_ask("try_variants", job))


def environment() -> dict[str, str]:
    """The environment of a worker process, which makes it import this package and no other copy of it."""
    path = os.pathsep.join([str(_IMPORT_PATH), *filter(None, [os.environ.get("PYTHONPATH")])])
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
