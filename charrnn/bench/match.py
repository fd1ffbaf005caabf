"""A match: check charrnn's kernels, then time the sides, alternating."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace

from charrnn.bench.check import check
from charrnn.bench.job import TORCH, Job, Measurement, measure, try_variants
from charrnn.bench.machine import ceiling, describe
from charrnn.bench.report import BenchReport, Turn, build_report
from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device.backend import Backend, open_backend
from charrnn.device.processors import processors
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.choice import build
from charrnn.kernels.protocol import Kernels

# Largest difference of the sides' losses after the same few steps, in nats per character. With rounded products,
# equal training differs by more.
_TOLERANCE = 1e-3
_ROUNDED_TOLERANCE = 1e-2
Note = Callable[[str], None]


@dataclass(frozen=True)
class BenchRequest:
    """What to time: `kernel` on `device`, alternating with `rival` (another kernel, or TORCH) if there is one.

    pairs: turns per side, unused without a rival. steps: timed steps in a turn; None times a second's worth. threads:
    threads of each side, one per processor if None; the rate of the machine's matrix product is measured with all of
    them.
    """

    workload: Workload
    device: str = "auto"
    kernel: str = "auto"
    rival: str | None = None
    pairs: int = 7
    steps: int | None = None
    sampling: bool = False
    precision: str = Config.precision
    threads: int | None = None


def bench(request: BenchRequest, note: Note = lambda text: None) -> BenchReport:
    """Check, then time; `note` is called with messages about the progress.

    Raises:
        BackendError: the device or the rival is missing, or the kernels are wrong.
        OptionError: the name of the kernels or of the rival is unknown.
    """
    backend = open_backend(request.device)
    choice = build(backend, request.kernel, precision=request.precision)
    kernels = choice.kernels
    if why := choice.passed_over(request.workload.config):
        note(f"{kernels.name} kernels ({'; '.join(why)})")
    require_threads(kernels, request.threads)
    if request.rival:
        require(request.rival, request.workload, backend, request.precision, request.threads)
    note("checking against the reference")
    errors = check(request.workload, backend, kernels)
    note("measuring the machine")
    machine = describe(backend)
    ours = Job(
        kernels.name,
        backend.device,
        request.workload,
        request.steps,
        request.sampling,
        precision=request.precision,
        threads=request.threads,
    )
    if not request.rival:
        note("timing")
        return build_report(errors, machine, ours, None, [Turn(ceiling(backend, kernels), measure(ours), None)])
    rival, trial = replace(ours, side=request.rival), None
    if request.rival == TORCH:
        note("finding PyTorch's fastest variant")
        trial = try_variants(rival)
        rival = replace(rival, variant=trial.variant)
    turns = _take_turns(backend, kernels, ours, rival, request.pairs, note)
    return build_report(errors, machine, ours, rival, turns, trial)


def require_threads(kernels: Kernels, threads: int | None) -> None:
    """Raise unless these kernels can have this number of threads, where a number is given.

    Raises:
        Unsupported: they have no threads of their own.
    """
    if threads is not None:
        kernels.set_threads(threads)
        kernels.set_threads(processors())  # for all that is measured in this process


def require(rival: str, workload: Workload, backend: Backend, precision: str, threads: int | None = None) -> None:
    """Raise unless the rival can run this workload here.

    Raises:
        OptionError: the name of the rival is unknown.
        Unsupported: the rival does not have this cell, precision or number of threads, or does not run on this device.
        BackendError: PyTorch is not installed.
    """
    if rival != TORCH:
        require_threads(build(backend, rival, precision=precision).kernels, threads)
    elif CELLS[workload.cell].torch is None:
        raise Unsupported(f"PyTorch has no {workload.cell}; use another --cell or --vs reference")
    elif importlib.util.find_spec(TORCH) is None:
        raise BackendError("--vs torch: PyTorch is not installed; pip install torch")


def _take_turns(backend: Backend, kernels: Kernels, ours: Job, rival: Job, count: int, note: Note) -> list[Turn]:
    """Measure the ceiling, charrnn and the rival, `count` times."""
    exact = backend.device == "cpu" and kernels.precision == "float32"
    turns = []
    for number in range(1, count + 1):
        note(f"pair {number} of {count}")
        peak, mine, theirs = ceiling(backend, kernels), measure(ours), measure(rival)
        _require_same_loss(ours, mine, rival, theirs, _TOLERANCE if exact else _ROUNDED_TOLERANCE)
        turns.append(Turn(peak, mine, theirs))
    return turns


def _require_same_loss(ours: Job, mine: Measurement, rival: Job, theirs: Measurement, tolerance: float) -> None:
    if not abs(mine.loss - theirs.loss) <= tolerance:  # also true of NaN
        raise BackendError(
            f"{ours.side} and {rival.side} do not learn the same: "
            f"their losses are {mine.loss:.4f} and {theirs.loss:.4f}"
        )
