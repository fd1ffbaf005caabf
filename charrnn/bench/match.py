"""Check our kernels, then let the sides take turns."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace

from charrnn.bench.check import check
from charrnn.bench.job import TORCH, Job, measure, settle
from charrnn.bench.machine import ceiling, describe
from charrnn.bench.report import BenchReport, Turn, build_report
from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.choice import build
from charrnn.kernels.reference import ReferenceKernels

# Nats per character, between two sides after the same few steps; the second where products may round factors.
_TOLERANCE, _ROUNDED_TOLERANCE = 1e-3, 1e-2
Note = Callable[[str], None]


@dataclass(frozen=True)
class BenchRequest:
    """What to time: `kernel` on `device`, in turn with `rival` (another kernel, or torch) if there is one."""

    workload: Workload
    device: str = "auto"
    kernel: str = "auto"
    rival: str | None = None
    pairs: int = 7
    steps: int | None = None
    sampling: bool = False
    precision: str = Config.precision


def bench(request: BenchRequest, note: Note = lambda text: None) -> BenchReport:
    """Check, then time; `note` is told what is going on.

    Raises:
        BackendError: the device or the rival is missing, or the kernels are wrong.
        ConfigError: there is no such kernel.
    """
    backend = open_backend(request.device)
    choice = build(backend, request.kernel, precision=request.precision)
    choice.tell()
    kernels = choice.kernels
    if request.rival:
        require(request.rival, request.workload, backend, request.precision)
    note("checking against the reference")
    errors = check(request.workload, backend, kernels)
    note("measuring the machine")
    machine = describe(backend)
    ours = Job(
        kernels.name, backend.device, request.workload, request.steps, request.sampling, precision=request.precision
    )
    rival, tried = replace(ours, side=request.rival) if request.rival else None, None
    if request.rival == TORCH:
        note("finding torch's quickest way")
        tried = settle(rival)
        rival = replace(rival, variant=tried["variant"])
    turns = _take_turns(backend, kernels, ours, rival, request.pairs if rival else 1, note)
    return build_report(errors, machine, ours, rival, turns, tried)


def require(rival: str, workload: Workload, backend: Backend, precision: str) -> None:
    """Raise unless the rival can do this workload here."""
    if rival != TORCH:
        build(backend, rival, precision=precision)
    elif importlib.util.find_spec(TORCH) is None:
        raise BackendError("--vs torch: torch is not installed; pip install torch")
    elif CELLS[workload.cell].torch is None:
        raise Unsupported(f"PyTorch has no {workload.cell}; use another --cell, or --vs reference")


def _take_turns(
    backend: Backend, kernels: ReferenceKernels, ours: Job, rival: Job | None, count: int, note: Note
) -> list[Turn]:
    """Ceiling, we, the rival; ceiling, we, the rival; ..."""
    exact = backend.device == "cpu" and kernels.precision == "float32"
    turns, tolerance = [], _TOLERANCE if exact else _ROUNDED_TOLERANCE
    for number in range(1, count + 1):
        note(f"pair {number} of {count}" if rival else "timing")
        turn = Turn(ceiling(backend, kernels), measure(ours), measure(rival) if rival else None)
        if turn.rival and not abs(turn.ours["loss"] - turn.rival["loss"]) <= tolerance:
            losses = f"{turn.ours['loss']:.4f} and {turn.rival['loss']:.4f}"
            raise BackendError(f"{ours.side} and {rival.side} do not learn the same: their losses are {losses}")
        turns.append(turn)
    return turns
