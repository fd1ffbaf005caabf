"""Kernels: the same operations, from readable to fast. `build` is the only place that chooses among them."""

import logging
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from charrnn.device.backend import Backend
from charrnn.errors import ConfigError, Unsupported
from charrnn.kernels.numpy.unrolled import FusedKernels
from charrnn.kernels.reference import ReferenceKernels

log = logging.getLogger(__name__)

KERNELS = ("auto", "reference", "numpy", "cpu", "cuda")
CPU_INFO = Path("/proc/cpuinfo")


class Choice(NamedTuple):
    """The kernels to use, and for each faster kind that was passed over one line that says why."""

    kernels: ReferenceKernels
    refusals: tuple[str, ...]

    def tell(self) -> None:
        """Say in a note why these are not the fastest, if so."""
        if self.refusals:
            log.info("%s kernels (%s)", self.kernels.name, "; ".join(self.refusals))


def build(backend: Backend, kernel: str = "auto", threads: int | None = None, precision: str = "float32") -> Choice:
    """The fastest kernels that take this backend, or the named ones; $CHARRNN_KERNEL names them where 'auto' is asked.

    `threads` is a wish for kernels that have threads of their own, and let go where slower kernels stand in for those;
    None leaves them as they are, at first one for each processor. `precision` is the setting: tf32 permits products to
    be rounded, bf16 demands it.

    Raises:
        Unsupported: the kernels named by `kernel` do not take this backend or precision, or have no threads to choose.
        ConfigError: there are no such kernels.
    """
    choice = _choose(backend, kernel, precision)
    if threads is not None and not choice.refusals:
        choice.kernels.set_threads(threads)
    return choice


def _choose(backend: Backend, kernel: str, precision: str) -> Choice:
    if kernel == "auto":
        kernel = os.environ.get("CHARRNN_KERNEL") or kernel
    if kernel not in KERNELS:
        raise ConfigError(f"kernel {kernel!r} is not one of {', '.join(KERNELS)}")
    if backend.device == "cpu":
        kinds = {"cpu": _cpu, "numpy": _numpy, "reference": _reference}  # fastest first
    else:
        kinds = {"cuda": _cuda, "reference": _reference}
    if kernel not in ("auto", *kinds):
        raise Unsupported(f"the {kernel} kernels do not run on {backend.device}; use --kernel {' or '.join(kinds)}")
    if precision == "bf16":
        fastest = next(iter(kinds))
        if kernel not in ("auto", fastest):
            raise Unsupported(f"the {kernel} kernels have no bf16; use --kernel {fastest}, or --precision float32")
        kernel = fastest  # whose refusal is the answer: nothing else has it
    refusals = []
    for name, make in kinds.items():
        if kernel not in ("auto", name):
            continue
        try:
            return Choice(make(backend, precision), tuple(refusals))
        except Unsupported as refusal:
            if kernel == name:
                raise
            refusals.append(f"{name}: {refusal}")
    raise AssertionError("the reference takes every backend")


def _cuda(backend: Backend, precision: str) -> ReferenceKernels:
    if backend.dtype != np.float32:
        raise Unsupported(f"the CUDA kernels take float32 only, not {np.dtype(backend.dtype)}; use --kernel reference")
    from charrnn.kernels.cuda import CudaKernels, Limits  # compiles: only where it is wanted

    # Without limits there are no persistent sweeps: they round as TF32 does, which is not what float32 asks for.
    limits = None if precision == "float32" else Limits.of(backend.xp)
    return CudaKernels(backend.xp, precision=precision, limits=limits)


def _cpu(backend: Backend, precision: str) -> ReferenceKernels:
    if precision == "bf16" and not (CPU_INFO.is_file() and "avx512_bf16" in CPU_INFO.read_text().split()):
        raise Unsupported(
            "bf16 needs a processor with AVX512_BF16, which this one lacks, or a GPU from Ampere on; use "
            "--precision float32"
        )
    from charrnn.kernels.cpu import CpuKernels  # builds and loads a library: only where it is wanted

    if precision == "bf16":
        return CpuKernels(precision="bf16")
    return CpuKernels(rounded_sampling=precision == "tf32")


def _numpy(backend: Backend, precision: str) -> FusedKernels:
    return FusedKernels()


def _reference(backend: Backend, precision: str) -> ReferenceKernels:
    return ReferenceKernels(backend.xp)
