"""Check our kernels, then let the sides take turns."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace

from charrnn.backend import Backend, open_backend
from charrnn.bench.check import check
from charrnn.bench.job import TORCH, Job, measure, settle
from charrnn.bench.machine import ceiling, describe
from charrnn.bench.report import Report, Turn, draw_up
from charrnn.bench.workload import Workload
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels import build

_LOSS_TOLERANCE = 1e-3  # nats per character, between two sides after the same few steps
Note = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What to time: `kernel` on `device`, in turn with `rival` (another kernel, or torch) if there is one."""

    workload: Workload
    device: str = "auto"
    kernel: str = "auto"
    rival: str | None = None
    pairs: int = 7
    steps: int | None = None
    sampling: bool = False


def bench(request: Request, note: Note = lambda text: None) -> Report:
    """Check, then time; `note` is told what is going on.

    Raises:
        BackendError: the device or the rival is missing, or the kernels are wrong.
        ConfigError: there is no such kernel.
    """
    backend = open_backend(request.device)
    kernels = build(backend, request.kernel).kernels
    if request.rival:
        require(request.rival, request.workload, backend)
    note("checking against the reference")
    errors = check(request.workload, backend, kernels)
    note("measuring the machine")
    machine = describe(backend)
    ours = Job(kernels.name, backend.device, request.workload, request.steps, request.sampling)
    rival = replace(ours, side=request.rival) if request.rival else None
    if request.rival == TORCH:
        note("finding torch's quickest way")
        rival = replace(rival, variant=settle(rival))
    turns = _take_turns(backend, ours, rival, request.pairs if rival else 1, note)
    return draw_up(errors, machine, ours, rival, turns)


def require(rival: str, workload: Workload, backend: Backend) -> None:
    """Raise unless the rival can do this workload here."""
    if rival != TORCH:
        build(backend, rival)
    elif importlib.util.find_spec(TORCH) is None:
        raise BackendError("--vs torch: torch is not installed; pip install 'charrnn-lm[peers]'")
    elif workload.cell == "gru-before":
        raise Unsupported("torch has no GRU that resets before the product; use --cell gru, or --vs reference")


def _take_turns(backend: Backend, ours: Job, rival: Job | None, count: int, note: Note) -> list[Turn]:
    """Ceiling, we, the rival; ceiling, we, the rival; ..."""
    turns = []
    for number in range(1, count + 1):
        note(f"pair {number} of {count}" if rival else "timing")
        turn = Turn(ceiling(backend), measure(ours), measure(rival) if rival else None)
        if turn.rival and not abs(turn.ours["loss"] - turn.rival["loss"]) <= _LOSS_TOLERANCE:
            losses = f"{turn.ours['loss']:.4f} and {turn.rival['loss']:.4f}"
            raise BackendError(f"{ours.side} and {rival.side} do not learn the same: their losses are {losses}")
        turns.append(turn)
    return turns
