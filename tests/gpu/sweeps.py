"""The persistent sweeps on the device, with each way for a group to exchange its values, beside a launch a time step.

On a processor they run behind the shim, at sizes at which that is quick.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.backend import Backend
from charrnn.cells import CELLS
from charrnn.errors import Unsupported
from charrnn.kernels.cuda import CudaKernels, Limits
from charrnn.kernels.cuda.persistent import HEADERS, SHARED_UNASKED, PersistentSweep
from charrnn.kernels.cuda.plan import GROUPS, Plan, choose
from charrnn.kernels.cuda.program import source
from charrnn.kernels.reference import ReferenceKernels
from charrnn.recurrence import Recurrence
from tests.gpu.speed import time_of, time_step
from tests.kernels import shim
from tests.kernels.agreement import recurrence_errors
from tests.layers import Layer

BARRIERS = Path(__file__).parent / "barriers.cu"
CELLS_RUN = ("lstm", "gru", "tanh")
# What has no plan, and what the GPU does not start: as CuPy tells it of a cluster, and of a cooperative grid.
REFUSALS = (Unsupported, RuntimeError, ValueError)
LIMIT = 2e-3  # of products in TF32 over some time steps
REPETITIONS = 1000
ON_PROCESSOR = Limits(90, 4, 232448)


class PersistentOnly(CudaKernels):
    """CudaKernels with one of the exchanges and nothing to fall back on."""

    def __init__(self, xp: Any, compile_source: Any, limits: Limits, exchange: str) -> None:
        super().__init__(xp, compile_source, limits=limits)
        self.exchange = exchange

    def plan(self, cell: str, hidden_size: int, batch_size: int, backward: bool) -> Plan:
        """The best one with that exchange.

        Raises:
            Unsupported: see `choose`.
        """
        assert self.limits
        return choose(self.limits, cell, hidden_size=hidden_size, batch_size=batch_size, backward=backward,
                      without=tuple(set(GROUPS) - {self.exchange}))  # fmt: skip

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """See `CudaKernels.recurrence`."""
        plans = (self.plan(cell, hidden_size, batch_size, backward) for backward in (False, True))
        return PersistentSweep(self, cell, hidden_size, seq_len, batch_size, training, *plans)


class _Sizes:
    """What is run: (T, B, H) to compare and to repeat, and hidden sizes, batch size and length to time."""

    def __init__(self, backend: Backend) -> None:
        if backend.device == "cpu":
            self.shapes, self.repeated, self.hidden = [(2, 9, 16)], (2, 3, 16), (16,)
            self.batch_size, self.seq_len, self.repetitions = 9, 2, 3
        else:
            # The plans of 61 rows are those of 64, and compiling takes most of the time.
            self.shapes = [(3, 5, 40), (1, 61, 128), (20, 61, 128), (20, 61, 256), (20, 61, 512), (9, 61, 1024)]
            self.repeated, self.hidden = (32, 64, 256), (128, 256, 512, 1024)
            self.batch_size, self.seq_len, self.repetitions = 64, 128, REPETITIONS


def persistent_agreement(backend: Backend, kernels: ReferenceKernels) -> dict[str, Any]:
    """The largest error of each exchange and layer beside that of a launch a time step; or why there is none."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for exchange, which in _kinds(backend, Path(folder)):
            for cell in CELLS_RUN:
                for shape in _Sizes(backend).shapes:
                    name = f"{exchange} {cell} {shape}"
                    try:
                        found[name] = max(recurrence_errors(backend, which, cell, shape).values())
                    except REFUSALS as refusal:
                        found[name] = str(refusal)
    wrong = {name: error for name, error in found.items() if isinstance(error, float) and not error < LIMIT}
    assert not wrong, wrong
    return found


def persistent_repetitions(backend: Backend, kernels: ReferenceKernels) -> dict[str, Any]:
    """The same layer again and again gives the same bits: a barrier that holds only sometimes does not hold."""
    found: dict[str, Any] = {}
    sizes = _Sizes(backend)
    with tempfile.TemporaryDirectory() as folder:
        for exchange, which in _kinds(backend, Path(folder)):
            for cell in CELLS_RUN:
                try:
                    found[f"{exchange} {cell}"] = _differing(backend, which, cell, sizes)
                except REFUSALS as refusal:
                    found[f"{exchange} {cell}"] = str(refusal)
    wrong = {name: count for name, count in found.items() if isinstance(count, int) and count}
    assert not wrong, f"of {sizes.repetitions} repetitions differ: {wrong}"
    return found | {"repetitions": sizes.repetitions}


def persistent_time_steps(backend: Backend, kernels: ReferenceKernels) -> list[dict[str, Any]]:
    """Microseconds of a time step, forward and backward, of each exchange and of a launch a time step."""
    rows = []
    sizes = _Sizes(backend)
    with tempfile.TemporaryDirectory() as folder:
        for exchange, which in _kinds(backend, Path(folder)):
            for cell in CELLS_RUN:
                for hidden in sizes.hidden:
                    row: dict[str, Any] = {"exchange": exchange, "cell": cell, "hidden_size": hidden}
                    try:
                        row |= time_step(backend, which, cell, hidden, sizes.batch_size, sizes.seq_len)
                        row["plans"] = _plans(which, cell, hidden, sizes.batch_size)
                    except REFUSALS as refusal:
                        row["refused"] = str(refusal)
                    rows.append(row)
    return rows


def barriers(backend: Backend, kernels: ReferenceKernels) -> list[dict[str, Any]]:
    """Microseconds of one exchange alone, of as much as an LSTM sends, for each exchange and size of a group."""
    rows, sizes = [], _Sizes(backend)
    with tempfile.TemporaryDirectory() as folder:
        compile_source, limits = _compiler(backend, Path(folder))
        which = CudaKernels(backend.xp, compile_source, limits=limits)
        for exchange, groups in GROUPS.items():
            for group in groups:
                plan = Plan(4, 32 * group, False, exchange, group, 8, 2, 1, 1)
                if group <= limits.processors and limits.groups(plan):
                    rows.append({"exchange": exchange, "group": group} | _barrier(backend, which, plan, sizes.seq_len))
    return rows


def _barrier(backend: Backend, kernels: CudaKernels, plan: Plan, turns: int) -> dict[str, Any]:
    headers = [header for header in HEADERS if header != "member.h"]
    text = "\n".join([source(headers[-1], *headers[:-1], CELL="LSTM", **plan.macros), BARRIERS.read_text()])
    try:
        module = kernels.compile(text, cooperative=plan.exchange == "GRID")
        kernel = module.get_function("turns")
        if plan.shared_bytes > SHARED_UNASKED:
            kernel.max_dynamic_shared_size_bytes = plan.shared_bytes
        assert kernels.limits
        groups = min(8, kernels.limits.groups(plan))
        operands = backend.xp.zeros(2 * groups * plan.rows * plan.stride, np.float16)
        counters = backend.xp.zeros(groups, np.uint32)

        def launch() -> None:
            counters[...] = 0
            arguments = (np.int32(turns), operands, counters)
            kernel((plan.group, groups), (plan.threads,), arguments, shared_mem=plan.shared_bytes)

        return {"groups": groups, "us": round(time_of(backend, launch) / turns * 1e6, 3)}
    except REFUSALS as error:
        return {"refused": str(error)}


def _kinds(backend: Backend, folder: Path) -> Iterator[tuple[str, CudaKernels]]:
    compile_source, limits = _compiler(backend, folder)
    yield "STEPPED", CudaKernels(backend.xp, compile_source)
    for exchange in GROUPS:
        yield exchange, PersistentOnly(backend.xp, compile_source, limits, exchange)


def _compiler(backend: Backend, folder: Path) -> tuple[Any, Limits]:
    if backend.device == "cpu":
        return shim.compiler(folder), ON_PROCESSOR
    return None, Limits.of(backend.xp)


def _plans(kernels: CudaKernels, cell: str, hidden: int, batch_size: int) -> list[str]:
    if not isinstance(kernels, PersistentOnly):
        return []
    return [str(kernels.plan(cell, hidden, batch_size, backward)) for backward in (False, True)]


def _differing(backend: Backend, kernels: CudaKernels, cell: str, sizes: _Sizes) -> int:
    """Repetitions whose dz or last state differ from the first one's."""
    seq_len, batch_size, hidden_size = sizes.repeated
    layer, xp = Layer(cell, *sizes.repeated), backend.xp
    put = {name: backend.to_device(getattr(layer, name).astype(np.float32)) for name in ("z", "dh")}
    params = {name: backend.to_device(param.astype(np.float32)) for name, param in layer.params.items()}
    grads = {name: xp.empty_like(param) for name, param in params.items()}
    state = tuple(xp.zeros((batch_size, hidden_size), np.float32) for _ in CELLS[cell].states)
    recurrence = kernels.recurrence(cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size,
                                    dtype=np.float32, training=True)  # fmt: skip
    z, first, differing = xp.empty_like(put["z"]), None, xp.zeros((), np.int64)
    for _ in range(1 + sizes.repetitions):
        z[...] = put["z"]
        _, last = recurrence.forward(params, z, state)
        dz, _ = recurrence.backward(params, grads, put["dh"])
        if first is None:
            first = (dz.copy(), last[0].copy())
        differing += (dz != first[0]).any() | (last[0] != first[1]).any()
    return int(differing)
