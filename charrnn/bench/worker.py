"""Does one job in a process of its own: reads it as JSON from standard input, answers in JSON on standard output."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.bench.job import TORCH, Job
from charrnn.bench.timing import Laps
from charrnn.errors import CharrnnError

WARM_UP = 5  # steps
_SECONDS = 1.0  # of timed steps, unless their number is given
_LEAST_STEPS = 5
_SETTLE_ROUNDS = 5


def measure(job: Job) -> dict[str, Any]:
    """See `charrnn.bench.job.measure`."""
    make = _side(job)
    before = peak_bytes()
    side = make()
    loss, warm = _steps(side, WARM_UP)
    count = job.steps or max(_LEAST_STEPS, round(_SECONDS / float(np.median(warm["step"]))))
    _, seconds = _steps(side, count)
    peak = peak_bytes() if job.device == "cpu" else None  # the host's memory says nothing of a GPU's
    return {
        "name": side.name,
        "seconds": seconds,
        "loss": loss,
        "memory": {"before": before, "peak": peak} if peak else None,
        "sampling": side.sampling() if job.sampling else None,
    }


def settle(job: Job) -> dict[str, Any]:
    """See `charrnn.bench.job.settle`."""
    from charrnn.bench.torch_side import TorchSide, variants

    sides = {variant: TorchSide(job.workload, job.device, variant) for variant in variants(job.device)}
    seconds: dict[str, list[float]] = {variant: [] for variant in sides}
    for _ in range(1 + _SETTLE_ROUNDS):
        for variant, side in sides.items():
            seconds[variant] += _steps(side, 1)[1]["step"]
    return {"variant": min(seconds, key=lambda variant: min(seconds[variant][1:]))}  # the first step was the warm-up


def _side(job: Job) -> Callable[[], Any]:
    """Imports what the job's side needs, and returns how to make it."""
    if job.side == TORCH:
        from charrnn.bench.torch_side import TorchSide

        return partial(TorchSide, job.workload, job.device, job.variant)
    from charrnn.bench.ours import Ours

    return partial(Ours, job.workload, job.device, job.side)


def _steps(side: Any, count: int) -> tuple[float, dict[str, list[float]]]:
    """The last loss, and the seconds of each phase of `count` steps."""
    laps, loss = Laps(side.synchronize), float("nan")
    for _ in range(count):
        laps.start()
        loss = side.step(laps)
        laps.stop()
    return loss, laps.seconds


def peak_bytes() -> int | None:
    """The most memory this process has held at once; None where the system does not tell.

    On Linux ru_maxrss will not do: it starts from the parent's peak.
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
    """Do what the argument names for the job on standard input."""
    task = {"measure": measure, "settle": settle}[sys.argv[1]]
    try:
        answer = task(Job.from_dict(json.load(sys.stdin)))
    except CharrnnError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
