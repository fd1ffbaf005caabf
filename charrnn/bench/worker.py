"""Does one job in its own process: reads the job as JSON from standard input and answers in JSON on standard output."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from charrnn.bench.job import TORCH, Job, Measurement, MemoryUse, VariantTrial
from charrnn.bench.timing import Clock, Laps
from charrnn.errors import BackendError, CharrnnError

WARM_UP = 5  # steps
_SECONDS = 1.0  # seconds of timed steps, unless their number is given
_LEAST_STEPS = 5
_TRIAL_ROUNDS = 5
_TRIAL_STEPS = {"cpu": 1, "gpu": 10}  # per round


class Side(Protocol):
    """An implementation of the training step that can be timed; made from a job."""

    name: str
    precision: str
    clock: Clock

    def __init__(self, job: Job) -> None: ...

    @staticmethod
    def used_bytes(device: str) -> int:
        """Memory in use on a GPU."""

    def step(self, lap: Laps) -> Any:
        """Train one step; returns the loss in nats per character, which a GPU may still be computing."""

    def sampling(self) -> dict[str, float]:
        """Characters per second when sampling, by kind."""


def measure(job: Job) -> Measurement:
    """See `charrnn.bench.job.measure`."""
    implementation = _implementation(job)
    if job.device == "cpu":
        _load_everything(implementation, job)
    before = _used_bytes(implementation, job)
    side = implementation(job)
    loss, warm = _steps(side, WARM_UP)
    count = job.steps or max(_LEAST_STEPS, round(_SECONDS / float(np.median(warm["step"]))))
    _, seconds = _steps(side, count)
    peak = _used_bytes(implementation, job)
    return Measurement(
        name=side.name,
        precision=side.precision,
        seconds=seconds,
        loss=loss,
        memory=MemoryUse(before, peak) if before is not None and peak is not None else None,
        sampling=side.sampling() if job.sampling else None,
    )


def try_variants(job: Job) -> VariantTrial:
    """See `charrnn.bench.job.try_variants`."""
    from charrnn.bench.torch_side import TorchSide, variants

    sides: dict[str, TorchSide] = {}
    failed: dict[str, str] = {}
    for variant in variants(job.device):
        try:
            side = TorchSide(replace(job, variant=variant))
            _steps(side, WARM_UP)
            sides[variant] = side
        except RuntimeError as error:  # for example a graph that cannot be captured; the others are still timed
            failed[variant] = str(error).strip().splitlines()[0]
    if not sides:
        raise BackendError(f"PyTorch cannot run this: {next(iter(failed.values()))}")
    steps = _TRIAL_STEPS[job.device[:3]]
    rounds: dict[str, list[float]] = {variant: [] for variant in sides}
    for _ in range(_TRIAL_ROUNDS):
        for variant, side in sides.items():
            rounds[variant].append(float(np.median(_steps(side, steps)[1]["step"])))
    best = {variant: 1e3 * min(times) for variant, times in rounds.items()}
    return VariantTrial(min(best, key=best.__getitem__), best, failed)


def _implementation(job: Job) -> type[Side]:
    """The class of the job's side; imports only what this side needs."""
    if job.side == TORCH:
        from charrnn.bench.torch_side import TorchSide

        return TorchSide
    from charrnn.bench.charrnn_side import TimedSide

    return TimedSide


def _load_everything(implementation: type[Side], job: Job) -> None:
    """Train a tiny network, so that libraries, threads and late imports do not count as memory of training.

    This is not done on a GPU, where it would also compile kernels for the tiny sizes.
    """
    tiny = replace(job.workload, hidden_size=8, seq_len=4, batch_size=4)
    _steps(implementation(replace(job, workload=tiny)), WARM_UP)


def _used_bytes(implementation: type[Side], job: Job) -> int | None:
    """Memory in use: on a CPU the peak of the process, on a GPU that of the device, as neither side frees any."""
    return peak_bytes() if job.device == "cpu" else implementation.used_bytes(job.device)


def _steps(side: Side, count: int) -> tuple[float, dict[str, list[float]]]:
    """Run `count` steps; returns the last loss and the seconds of each phase."""
    laps, loss = Laps(side.clock), float("nan")
    for _ in range(count):
        laps.start()
        loss = side.step(laps)
    return float(loss), laps.seconds()


def peak_bytes() -> int | None:
    """Peak resident memory of this process; None if the system does not report it.

    Linux has it in /proc: ru_maxrss would start at the peak of the parent process there.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return 1024 * int(fields["VmHWM"].split()[0]) if "VmHWM" in fields else None
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Do the task that the argument names for the job on standard input."""
    tasks: dict[str, Callable[[Job], Measurement | VariantTrial]] = {"measure": measure, "try_variants": try_variants}
    try:
        answer = asdict(tasks[sys.argv[1]](Job.from_dict(json.load(sys.stdin))))
    except CharrnnError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
