"""Times on the device: time steps of the recurrences alone, and whole training steps beside PyTorch."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from charrnn.bench.match import BenchRequest, bench
from charrnn.bench.timing import Laps, clock_of
from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend
from charrnn.errors import CharrnnError
from charrnn.kernels.protocol import Kernels
from tests.tools.gpu_check.findings import Wrong

CELLS_TIMED = ("lstm", "gru", "tanh")
HIDDEN = (128, 256, 512, 1024)
BATCH, SEQ_LEN, LAYERS, VOCABULARY = 64, 128, 2, 96
ROUNDS = 9
WARM_UP = 3  # rounds that are not counted; after them the host is ahead of the device


def time_steps(backend: Backend, kernels: Kernels) -> list[dict[str, Any]]:
    """Median microseconds of a time step of one layer, forward and backward, and the kernels that ran.

    Raises:
        Wrong: a persistent time loop was planned, but other kernels ran.
    """
    rows = [
        {"cell": cell, "hidden_size": hidden} | time_step(backend, kernels, cell, hidden, BATCH, SEQ_LEN)
        for cell in CELLS_TIMED
        for hidden in _sizes(backend)
    ]
    wrong = [
        row
        for row in rows
        if not row["plans"]
        and not kernels.refusals(row["cell"], hidden_size=row["hidden_size"], seq_len=SEQ_LEN, batch_size=BATCH)
    ]
    if wrong and backend.device != "cpu":
        raise Wrong(f"not started: {wrong}", rows)
    return rows


def bench_against_torch(backend: Backend, end: float) -> list[dict[str, Any]]:
    """Run charrnn bench --vs torch at every size; none is started after `end`, by time.monotonic()."""
    rows = []
    for cell in CELLS_TIMED:
        for hidden in _sizes(backend):
            workload = Workload(cell, VOCABULARY, hidden, LAYERS, SEQ_LEN, BATCH)
            row: dict[str, Any] = {"cell": cell, "hidden_size": hidden}
            rows.append(row)
            if time.monotonic() > end:
                row["not_timed"] = "no time left"
                continue
            try:
                report = bench(BenchRequest(workload, backend.device, rival="torch", pairs=1))
                row |= {"ratio": report.ratio.median, "rival": report.rival.variant, "report": asdict(report)}
            except CharrnnError as error:  # the other sizes are still timed
                row["not_timed"] = str(error)
    return rows


def _sizes(backend: Backend) -> tuple[int, ...]:
    return HIDDEN[:1] if backend.device == "cpu" else HIDDEN


def time_step(
    backend: Backend, kernels: Kernels, cell: str, hidden: int, batch_size: int, seq_len: int
) -> dict[str, Any]:
    """Median microseconds forward and backward, and the plans of the persistent time loops, if any."""
    xp, gates = backend.xp, CELLS[cell].gates(hidden)
    recurrence = kernels.recurrence(
        cell, hidden_size=hidden, seq_len=seq_len, batch_size=batch_size, dtype=backend.dtype, training=True
    )
    rng = np.random.default_rng(0)
    weights = {"weight_hh": rng.normal(size=(gates, hidden)) * hidden**-0.5, "bias_hh": rng.normal(size=gates)}
    params = {name: backend.to_device(array.astype(backend.dtype)) for name, array in weights.items()}
    grads = {name: xp.empty_like(array) for name, array in params.items()}
    z = xp.empty((seq_len, batch_size, gates), backend.dtype)
    dh = xp.ones((seq_len, batch_size, hidden), backend.dtype)
    state = tuple(xp.zeros((batch_size, hidden), backend.dtype) for _ in CELLS[cell].states)
    laps = Laps(clock_of(backend))
    for _ in range(WARM_UP + ROUNDS):  # none is read before all are queued: the device never waits for the host
        laps.start()
        z[...] = 0.1
        laps("fill")
        recurrence.forward(params, z, state)
        laps("forward")
        recurrence.backward(params, grads, dh)
        laps("backward")
    seconds = laps.seconds()
    times = {
        f"{name}_us": round(statistics.median(seconds[name][WARM_UP:]) / seq_len * 1e6, 2)
        for name in ("forward", "backward")
    }
    return times | {"plans": [str(plan) for plan in getattr(recurrence, "plans", ())]}


def time_of(backend: Backend, run: Callable[[], Any]) -> float:
    """Median seconds of `run`."""
    laps = Laps(clock_of(backend))
    for _ in range(WARM_UP + ROUNDS):
        laps.start()
        run()
        laps("all")
    return statistics.median(laps.seconds()["all"][WARM_UP:])
