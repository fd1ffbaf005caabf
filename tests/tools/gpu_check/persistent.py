"""The persistent time loops on the device, for each way in which a group can exchange values, and without a group.

The kernels with one launch per time step are the baseline. On a processor everything runs behind the shim, at sizes
that are quick there.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend
from charrnn.errors import Unsupported
from charrnn.kernels.cuda.kernels import CudaKernels
from charrnn.kernels.cuda.persistent import HEADERS, SHARED_UNASKED, PersistentRecurrence
from charrnn.kernels.cuda.plan import GROUPS, GpuLimits, Plan, choose
from charrnn.kernels.cuda.program import source
from charrnn.kernels.protocol import Recurrence
from tests.kernels import shim
from tests.kernels.agreement import largest, recurrence_errors
from tests.support.layers import Layer
from tests.tools.gpu_check.findings import Wrong, line
from tests.tools.gpu_check.speed import time_of, time_step

BARRIERS = Path(__file__).parent / "barriers.cu"
CELLS_RUN = ("lstm", "gru", "tanh")
LIMIT = 2e-3  # largest error with products in TF32, over some time steps
REPETITIONS = 1000
ON_PROCESSOR = GpuLimits(90, 4, 232448)


class PersistentOnly(CudaKernels):
    """CudaKernels with only one of the exchanges and no fallback."""

    def __init__(self, xp: Any, compile_source: Any, precision: str, limits: GpuLimits, exchange: str) -> None:
        super().__init__(xp, compile_source, precision, limits)
        self.exchange = exchange

    def plan(self, cell: str, hidden_size: int, batch_size: int, backward: bool) -> Plan:
        """The best plan with this exchange.

        Raises:
            Unsupported: see `choose`.
        """
        assert self.limits
        return choose(
            self.limits,
            CELLS[cell],
            hidden_size=hidden_size,
            batch_size=batch_size,
            backward=backward,
            without=tuple(set(GROUPS) - {self.exchange}),
        )

    def why_not(self, cell: str, hidden_size: int, batch_size: int) -> str:
        """The reason why there is no plan; empty if there is one."""
        try:
            for backward in (False, True):
                self.plan(cell, hidden_size, batch_size, backward)
        except Unsupported as refusal:
            return str(refusal)
        return ""

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """See `CudaKernels.recurrence`."""
        plans = (self.plan(cell, hidden_size, batch_size, backward) for backward in (False, True))
        return PersistentRecurrence(self, CELLS[cell], hidden_size, seq_len, batch_size, training, *plans)


class _Sizes:
    """Sizes to run: (T, B, H) to compare and to repeat; hidden sizes, batch size and length to time."""

    def __init__(self, backend: Backend) -> None:
        if backend.device == "cpu":
            self.shapes, self.repeated, self.hidden = [(2, 9, 16)], (2, 3, 16), (16,)
            self.batch_size, self.seq_len, self.repetitions, self.turns = 9, 2, 3, 10
        else:
            # 61 rows have the same plans as 64, so that kernels are compiled once; compiling takes most of the time.
            self.shapes = [(3, 5, 40), (1, 61, 128), (20, 61, 128), (20, 61, 256), (20, 61, 512), (9, 61, 1024)]
            self.repeated, self.hidden = (32, 64, 256), (128, 256, 512, 1024)
            self.batch_size, self.seq_len, self.repetitions = 64, 128, REPETITIONS
            self.turns = 20_000  # enough to make the time of a launch negligible


def persistent_agreement(backend: Backend) -> dict[str, Any]:
    """The largest error of each exchange, and of one launch per time step, for each layer; or why it did not run."""
    cases = [(cell, shape) for cell in CELLS_RUN for shape in _Sizes(backend).shapes]

    def error(which: CudaKernels, cell: str, shape: tuple[int, int, int]) -> float:
        return largest(recurrence_errors(backend, which, cell, shape).values())

    found = {f"{exchange} {cell} {shape}": result for exchange, cell, shape, result in _each(backend, cases, error)}
    return _checked(found, lambda result: result < LIMIT)


def persistent_repetitions(backend: Backend) -> dict[str, Any]:
    """How often repeating a layer changes its bits; a barrier that fails rarely shows up here."""
    sizes = _Sizes(backend)
    cases = [(cell, sizes.repeated) for cell in CELLS_RUN]

    def differing(which: CudaKernels, cell: str, shape: tuple[int, int, int]) -> int:
        return _differing(backend, which, cell, shape, sizes.repetitions)

    found = {f"{exchange} {cell}": result for exchange, cell, _, result in _each(backend, cases, differing)}
    return _checked(found, lambda result: result == 0) | {"repetitions": sizes.repetitions}


def persistent_time_steps(backend: Backend) -> list[dict[str, Any]]:
    """Microseconds of a time step, forward and backward, for each exchange and for one launch per time step."""
    sizes = _Sizes(backend)
    cases = [(cell, (sizes.seq_len, sizes.batch_size, hidden)) for cell in CELLS_RUN for hidden in sizes.hidden]

    def times(which: CudaKernels, cell: str, shape: tuple[int, int, int]) -> dict[str, Any]:
        seq_len, batch_size, hidden = shape
        return time_step(backend, which, cell, hidden, batch_size, seq_len)

    found = [
        {"exchange": exchange, "cell": cell, "hidden_size": shape[2], "result": result}
        for exchange, cell, shape, result in _each(backend, cases, times, "tf32")
    ]
    if wrong := [row for row in found if isinstance(row["result"], Failure)]:
        raise Wrong(wrong, found)
    return found


class Failure(str):
    """The reason why a time loop that has a plan failed; a plain string is the reason why there is no plan."""


def _each(
    backend: Backend, cases: list[tuple[str, tuple[int, int, int]]], run: Callable[..., Any], precision: str = "float32"
) -> Iterator[tuple[str, str, tuple[int, int, int], Any]]:
    """Yield the results of `run(kernels, cell, shape)` for each exchange and for none, and each case (cell, shape)."""
    with tempfile.TemporaryDirectory() as folder:
        for exchange, which in _kinds(backend, Path(folder), precision):
            for cell, shape in cases:
                why_not = which.why_not(cell, shape[2], shape[1]) if isinstance(which, PersistentOnly) else ""
                try:
                    result = why_not or run(which, cell, shape)
                except Exception as error:  # any, so that the others still run
                    result = Failure(line(error))
                yield exchange, cell, shape, result


def _checked(found: dict[str, Any], is_right: Callable[[Any], bool]) -> dict[str, Any]:
    """Return `found` if every result is right.

    Raises:
        Wrong: some result is not.
    """
    wrong = {
        name: result
        for name, result in found.items()
        if isinstance(result, Failure) or not (isinstance(result, str) or is_right(result))
    }
    if wrong:
        raise Wrong(wrong, found)
    return found


def barriers(backend: Backend) -> list[dict[str, Any]]:
    """Microseconds of one exchange of as many values as an LSTM sends, for each exchange and size of a group."""
    rows, sizes = [], _Sizes(backend)
    with tempfile.TemporaryDirectory() as folder:
        compile_source, limits = _compiler(backend, Path(folder))
        which = CudaKernels(backend.xp, compile_source, limits=limits)
        for exchange, groups in GROUPS.items():
            for group in groups:
                plan = Plan(4, 32 * group, False, exchange, group, 8, 2, 1, 1)
                plan = plan._replace(in_registers=plan.pairs)  # no room for weights, as there are none
                if group <= limits.processors and limits.groups(plan):
                    rows.append({"exchange": exchange, "group": group} | _barrier(backend, which, plan, sizes.turns))
    if wrong := [row for row in rows if "failed" in row]:
        raise Wrong(wrong, rows)
    return rows


def _barrier(backend: Backend, kernels: CudaKernels, plan: Plan, turns: int) -> dict[str, Any]:
    headers = [header for header in HEADERS if header != "member.h"]
    text = "\n".join([source(headers[-1], *headers[:-1], cell=CELLS["lstm"], **plan.macros), BARRIERS.read_text()])
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
    except Exception as error:  # any, so that the others still run
        return {"failed": line(error)}


def _kinds(backend: Backend, folder: Path, precision: str) -> Iterator[tuple[str, CudaKernels]]:
    compile_source, limits = _compiler(backend, folder)
    yield "STEPPED", CudaKernels(backend.xp, compile_source, precision)
    for exchange in GROUPS:
        yield exchange, PersistentOnly(backend.xp, compile_source, precision, limits, exchange)


def _compiler(backend: Backend, folder: Path) -> tuple[Any, GpuLimits]:
    if backend.device == "cpu":
        return shim.compiler(folder), ON_PROCESSOR
    return None, GpuLimits.of(backend.xp)


def _differing(backend: Backend, kernels: CudaKernels, cell: str, shape: tuple[int, int, int], repetitions: int) -> int:
    """Number of repetitions whose dz or last state differ from those of the first one."""
    seq_len, batch_size, hidden_size = shape
    layer, xp = Layer(cell, *shape), backend.xp
    put = {name: backend.to_device(getattr(layer, name).astype(np.float32)) for name in ("z", "dh")}
    params = {name: backend.to_device(param.astype(np.float32)) for name, param in layer.params.items()}
    grads = {name: xp.empty_like(param) for name, param in params.items()}
    state = tuple(xp.zeros((batch_size, hidden_size), np.float32) for _ in CELLS[cell].states)
    recurrence = kernels.recurrence(
        cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size, dtype=np.float32, training=True
    )
    z, first, differing = xp.empty_like(put["z"]), None, xp.zeros((), np.int64)
    for _ in range(1 + repetitions):
        z[...] = put["z"]
        _, last = recurrence.forward(params, z, state)
        dz, _ = recurrence.backward(params, grads, put["dh"])
        if first is None:
            first = (dz.copy(), last[0].copy())
        differing += (dz != first[0]).any() | (last[0] != first[1]).any()
    return int(differing)
