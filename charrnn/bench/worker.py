"""Does one job in a process of its own: reads it as JSON from standard input, answers in JSON on standard output."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.bench.job import TORCH, Job
from charrnn.bench.timing import Laps
from charrnn.bench.workload import Workload
from charrnn.errors import BackendError, CharrnnError

WARM_UP = 5  # steps
_SECONDS = 1.0  # of timed steps, unless their number is given
_LEAST_STEPS = 5
# What a process needs once for however small a network (libraries, threads, late imports; 1.7 MB of ours) is no memory
# of training. On a GPU it would take compiling kernels for these sizes, too.
_SMALL = {"hidden_size": 8, "seq_len": 4, "batch_size": 4}
_SETTLE_ROUNDS = 5
_SETTLE_STEPS = {"cpu": 1, "gpu": 10}  # in a round


def measure(job: Job) -> dict[str, Any]:
    """See `charrnn.bench.job.measure`."""
    make, used_bytes = _side(job)
    if job.device == "cpu":
        _steps(make(replace(job.workload, **_SMALL)), WARM_UP)
    before = used_bytes()
    side = make(job.workload)
    loss, warm = _steps(side, WARM_UP)
    count = job.steps or max(_LEAST_STEPS, round(_SECONDS / float(np.median(warm["step"]))))
    _, seconds = _steps(side, count)
    peak = used_bytes()
    return {
        "name": side.name,
        "precision": side.precision,
        "seconds": seconds,
        "loss": loss,
        "memory": {"before": before, "peak": peak} if peak else None,
        "sampling": side.sampling() if job.sampling else None,
    }


def settle(job: Job) -> dict[str, Any]:
    """See `charrnn.bench.job.settle`."""
    from charrnn.bench.torch_side import TorchSide, variants

    sides: dict[str, TorchSide] = {}
    failed: dict[str, str] = {}
    for variant in variants(job.device):
        try:
            side = TorchSide(job.workload, job.device, variant)
            _steps(side, WARM_UP)
            sides[variant] = side
        except RuntimeError as error:  # a graph that cannot be captured, say: the others are timed all the same
            failed[variant] = str(error).strip().splitlines()[0]
    if not sides:
        raise BackendError(f"torch does not do this: {next(iter(failed.values()))}")
    steps, rounds = _SETTLE_STEPS[job.device[:3]], {variant: [] for variant in sides}
    for _ in range(_SETTLE_ROUNDS):
        for variant, side in sides.items():
            rounds[variant].append(float(np.median(_steps(side, steps)[1]["step"])))
    best = {variant: 1e3 * min(times) for variant, times in rounds.items()}
    return {"variant": min(best, key=best.__getitem__), "milliseconds": best, "failed": failed}


def _side(job: Job) -> tuple[Callable[[Workload], Any], Callable[[], int | None]]:
    """Imports what the job's side needs; how to make it, and what tells the memory it uses."""
    if job.side == TORCH:
        from charrnn.bench.torch_side import TorchSide as Side

        make = partial(Side, device=job.device, variant=job.variant)
    else:
        from charrnn.bench.charrnn_side import TimedSide as Side

        make = partial(Side, device=job.device, kernel=job.side, precision=job.precision)
    # A GPU's memory is asked of the device, so that all is in it; neither side gives anything back before the end.
    return make, peak_bytes if job.device == "cpu" else partial(Side.used_bytes, job.device)


def _steps(side: Any, count: int) -> tuple[float, dict[str, list[float]]]:
    """The last loss, and the seconds of each phase of `count` steps."""
    laps, loss = Laps(side.clock), float("nan")
    for _ in range(count):
        laps.start()
        loss = side.step(laps)
    return float(loss), laps.seconds()


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
