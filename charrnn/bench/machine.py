"""What this machine can do at most, and whether something else is using it."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn import __version__
from charrnn.bench.timing import clock_of
from charrnn.device.backend import Backend
from charrnn.device.processors import processors
from charrnn.kernels.reference import ReferenceKernels

_GEMM = {"cpu": 1536, "gpu": 8192}  # rows and columns; large enough for a rate that a larger product hardly beats
_COPY_BYTES = {"cpu": 64 << 20, "gpu": 512 << 20}  # more than caches hold
_SECONDS = 0.4
_BUSY_CORES = 0.3  # used by others
_BUSY_SPREAD = 1.25  # the median product takes so much longer than the quickest


@dataclass(frozen=True)
class Machine:
    """What does not change while it is measured. `copy_gb_s` counts bytes read and written, 1e9 a second."""

    device: str
    processor: str
    cores: int
    copy_gb_s: float
    versions: dict[str, str]


@dataclass(frozen=True)
class Ceiling:
    """The rate of large matrix products just now, in GFLOP/s: the best, and the median.

    `others` are the cores that other processes used meanwhile, None where the system does not tell.
    """

    best: float
    median: float
    others: float | None


def describe(backend: Backend) -> Machine:
    """The machine, with the rate of large copies measured."""
    processor = _processor() if backend.device == "cpu" else backend.description
    size = _COPY_BYTES[backend.device[:3]]
    source = backend.xp.ones(size, np.uint8)
    target = backend.xp.empty_like(source)
    seconds = min(_repeat(backend, lambda: backend.xp.copyto(target, source)))
    versions = {"charrnn": __version__, "python": platform.python_version(), "numpy": np.__version__}
    return Machine(backend.device, processor, processors(), 2 * size / seconds / 1e9, versions)


def ceiling(backend: Backend, kernels: ReferenceKernels) -> Ceiling:
    """Measure the rate of a large matrix product; takes about half a second.

    On a CPU in float32 the product is NumPy's, otherwise that of the kernels in their precision, on a GPU cuBLAS's.
    """
    size, xp = _GEMM[backend.device[:3]], backend.xp
    # Not all the same number: a GPU needs less power for that, and clocks higher.
    a, b, out = (xp.linspace(-1, 1, size * size, dtype=np.float32).reshape(size, size) for _ in range(3))
    began, busy_before = time.perf_counter(), _busy_seconds()
    product = xp.matmul if backend.device == "cpu" and kernels.precision == "float32" else kernels.matmul
    seconds = _repeat(backend, lambda: product(a, b, out))
    busy_after, took = _busy_seconds(), time.perf_counter() - began
    others = None if busy_before is None else max(0.0, (busy_after - busy_before) / took)
    flops = 2 * size**3
    return Ceiling(flops / min(seconds) / 1e9, flops / float(np.median(seconds)) / 1e9, others)


def busy(machine: Machine, ceilings: list[Ceiling]) -> list[str]:
    """Signs, each as a line, that something else used the machine while it was measured."""
    signs = []
    others = max(each.others or 0.0 for each in ceilings)
    if others > _BUSY_CORES:
        signs.append(f"other processes used up to {others:.1f} of {machine.cores} cores")
    best, worst = max(each.best for each in ceilings), min(each.median for each in ceilings)
    if best > _BUSY_SPREAD * worst:
        signs.append(f"the same matrix product ran at {worst:.0f} to {best:.0f} GFLOP/s")
    return signs


def _repeat(backend: Backend, operation: object) -> list[float]:
    operation()
    clock, times = clock_of(backend), []
    while sum(times) < _SECONDS or len(times) < 3:
        began = clock.now()
        operation()
        times.append(clock.seconds(began, clock.now()))
    return times


def _busy_seconds() -> float | None:
    """Processor time that processes other than this one have used since the system started."""
    counters = Path("/proc/stat")
    if not counters.is_file():
        return None
    user, nice, system, _idle, _waiting, *rest = map(int, counters.read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK") - time.process_time()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
