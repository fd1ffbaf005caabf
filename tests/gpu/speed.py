"""How long it takes on the device: time steps of the recurrences alone, and whole training steps against torch."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from charrnn.backend import Backend
from charrnn.bench.judge import Request, bench
from charrnn.bench.timing import Clock, clock_of
from charrnn.bench.workload import Workload
from charrnn.cells import CELLS
from charrnn.errors import CharrnnError
from charrnn.kernels.reference import ReferenceKernels

CELLS_TIMED = ("lstm", "gru", "tanh")
HIDDEN = (128, 256, 512, 1024)
BATCH, SEQ_LEN, LAYERS, VOCABULARY = 64, 128, 2, 96
ROUNDS = 9
BENCH_SECONDS = 260  # no size is begun after that: the whole check is to end within 8 minutes


def time_steps(backend: Backend, kernels: ReferenceKernels) -> list[dict[str, Any]]:
    """Median microseconds of a time step of one layer, forward and backward."""
    return [{"cell": cell, "hidden_size": hidden} | time_step(backend, kernels, cell, hidden, BATCH, SEQ_LEN)
            for cell in CELLS_TIMED for hidden in _sizes(backend)]  # fmt: skip


def bench_against_torch(backend: Backend, kernels: ReferenceKernels) -> list[dict[str, Any]]:
    """charrnn bench --vs torch at every size of the table, as far as the time goes."""
    rows, began = [], time.monotonic()
    for cell in CELLS_TIMED:
        for hidden in _sizes(backend):
            workload = Workload(cell, VOCABULARY, hidden, LAYERS, SEQ_LEN, BATCH)
            row: dict[str, Any] = {"cell": cell, "hidden_size": hidden}
            rows.append(row)
            if time.monotonic() - began > BENCH_SECONDS:
                row["not_timed"] = "no time left"
                continue
            try:
                report = bench(Request(workload, backend.device, rival="torch", pairs=1))
                row |= {"ratio": report.ratio.median, "rival": report.rival.variant, "report": asdict(report)}
            except CharrnnError as error:  # and the other sizes are timed all the same
                row["not_timed"] = str(error)
    return rows


def _sizes(backend: Backend) -> tuple[int, ...]:
    return HIDDEN[:1] if backend.device == "cpu" else HIDDEN


def time_step(
    backend: Backend, kernels: ReferenceKernels, cell: str, hidden: int, batch_size: int, seq_len: int
) -> dict[str, Any]:
    """Median microseconds forward and backward."""
    xp, gates = backend.xp, CELLS[cell].blocks * hidden
    recurrence = kernels.recurrence(cell, hidden_size=hidden, seq_len=seq_len, batch_size=batch_size,
                                    dtype=backend.dtype, training=True)  # fmt: skip
    rng = np.random.default_rng(0)
    weights = {"weight_hh": rng.normal(size=(gates, hidden)) * hidden**-0.5, "bias_hh": rng.normal(size=gates)}
    params = {name: backend.to_device(array.astype(backend.dtype)) for name, array in weights.items()}
    grads = {name: xp.empty_like(array) for name, array in params.items()}
    z = xp.empty((seq_len, batch_size, gates), backend.dtype)
    dh = xp.ones((seq_len, batch_size, hidden), backend.dtype)
    state = tuple(xp.zeros((batch_size, hidden), backend.dtype) for _ in CELLS[cell].states)
    clock = clock_of(backend)
    seconds: dict[str, list[float]] = {"forward": [], "backward": []}
    for _ in range(1 + ROUNDS):
        z[...] = 0.1
        seconds["forward"].append(_seconds(clock, lambda: recurrence.forward(params, z, state)))
        seconds["backward"].append(_seconds(clock, lambda: recurrence.backward(params, grads, dh)))
    return {f"{name}_us": round(statistics.median(times[1:]) / seq_len * 1e6, 2) for name, times in seconds.items()}


def time_of(backend: Backend, run: Callable[[], Any]) -> float:
    """Median seconds."""
    clock = clock_of(backend)
    return statistics.median([_seconds(clock, run) for _ in range(1 + ROUNDS)][1:])


def _seconds(clock: Clock, run: Callable[[], Any]) -> float:
    began = clock.now()
    run()
    return clock.seconds(began, clock.now())
