"""Peak rates of this machine, and whether something else is using it."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn import __version__
from charrnn.bench.timing import clock_of
from charrnn.device.backend import Backend
from charrnn.device.processors import processors
from charrnn.kernels.protocol import Kernels

_GEMM = {"cpu": 1536, "gpu": 8192}  # rows and columns; a larger product is hardly any faster
_COPY_BYTES = {"cpu": 64 << 20, "gpu": 512 << 20}  # larger than the caches
_SECONDS = 0.4
_BUSY_CORES = 0.3  # cores in use by other processes
_BUSY_SPREAD = 1.25  # best rate of a product over its worst median


@dataclass(frozen=True)
class Machine:
    """Properties that do not change during a measurement.

    `copy_gb_s` counts bytes read and bytes written, in units of 1e9 bytes per second.
    """

    device: str
    processor: str
    cores: int
    copy_gb_s: float
    versions: dict[str, str]


@dataclass(frozen=True)
class Ceiling:
    """Current rate of large matrix products in GFLOP/s: the best and the median.

    `others` is the number of cores that other processes used meanwhile; None if the system does not report it.
    """

    best: float
    median: float
    others: float | None


def describe(backend: Backend) -> Machine:
    """Describe the machine and measure its rate of large copies."""
    processor = _processor() if backend.device == "cpu" else backend.description
    size = _COPY_BYTES[backend.device[:3]]
    source = backend.xp.ones(size, np.uint8)
    target = backend.xp.empty_like(source)
    seconds = min(_repeat(backend, lambda: backend.xp.copyto(target, source)))
    versions = {"charrnn": __version__, "python": platform.python_version(), "numpy": np.__version__}
    return Machine(backend.device, processor, processors(), 2 * size / seconds / 1e9, versions)


def ceiling(backend: Backend, kernels: Kernels) -> Ceiling:
    """Measure the rate of a large matrix product; takes about half a second.

    On a CPU in float32 this is NumPy's product. Otherwise it is the product of `kernels` in their precision, which on
    a GPU is cuBLAS's.
    """
    size, xp = _GEMM[backend.device[:3]], backend.xp
    # Varied values: a GPU needs less power for constant ones and clocks higher.
    a, b, out = (xp.linspace(-1, 1, size * size, dtype=np.float32).reshape(size, size) for _ in range(3))
    product = xp.matmul if backend.device == "cpu" and kernels.precision == "float32" else kernels.matmul
    began, busy_before = time.perf_counter(), _busy_seconds()
    seconds = _repeat(backend, lambda: product(a, b, out))
    busy_after, took = _busy_seconds(), time.perf_counter() - began
    others = None
    if busy_before is not None and busy_after is not None:
        others = max(0.0, (busy_after - busy_before) / took)
    flops = 2 * size**3
    return Ceiling(flops / min(seconds) / 1e9, flops / float(np.median(seconds)) / 1e9, others)


def busy(machine: Machine, ceilings: list[Ceiling]) -> list[str]:
    """Signs that something else used the machine during the measurement, one line each."""
    signs = []
    others = max(each.others or 0.0 for each in ceilings)
    if others > _BUSY_CORES:
        signs.append(f"other processes used up to {others:.1f} of {machine.cores} cores")
    best, worst = max(each.best for each in ceilings), min(each.median for each in ceilings)
    if best > _BUSY_SPREAD * worst:
        signs.append(f"the same matrix product ran at {worst:.0f} to {best:.0f} GFLOP/s")
    return signs


def _repeat(backend: Backend, operation: Callable[[], object]) -> list[float]:
    """Seconds of each repetition of `operation`, after one that warms up."""
    operation()
    clock = clock_of(backend)
    times: list[float] = []
    while sum(times) < _SECONDS or len(times) < 3:
        began = clock.now()
        operation()
        times.append(clock.seconds(began, clock.now()))
    return times


def _busy_seconds() -> float | None:
    """Processor time that other processes have used since the system started; None if the system does not report it."""
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
