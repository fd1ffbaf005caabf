"""Kernels: the same operations, from readable to fast. `build` is the only place that chooses among them."""

import os
from typing import NamedTuple

import numpy as np

from charrnn.backend import Backend
from charrnn.errors import ConfigError, Unsupported
from charrnn.kernels.fused import FusedKernels
from charrnn.kernels.reference import ReferenceKernels

KERNELS = ("auto", "reference", "numpy", "cpu", "cuda")


class Choice(NamedTuple):
    """The kernels to use, and for each faster kind that was passed over one line that says why."""

    kernels: ReferenceKernels
    refusals: tuple[str, ...]


def build(backend: Backend, kernel: str = "auto", threads: int | None = None) -> Choice:
    """The fastest kernels that take this backend, or the named ones; $CHARRNN_KERNEL names them where 'auto' is asked.

    `threads` is a wish for kernels that have threads of their own; None is a thread for each processor.

    Raises:
        Unsupported: the kernels named by `kernel` do not take this backend, or have no threads to choose.
        ConfigError: there are no such kernels.
    """
    choice = _choose(backend, kernel)
    if threads is not None:
        choice.kernels.set_threads(threads)
    return choice


def _choose(backend: Backend, kernel: str) -> Choice:
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
    refusals = []
    for name, make in kinds.items():
        if kernel not in ("auto", name):
            continue
        try:
            return Choice(make(backend), tuple(refusals))
        except Unsupported as refusal:
            if kernel == name:
                raise
            refusals.append(f"{name}: {refusal}")
    raise AssertionError("the reference takes every backend")


def _cuda(backend: Backend) -> ReferenceKernels:
    if backend.dtype != np.float32:
        raise Unsupported(f"the CUDA kernels take float32 only, not {np.dtype(backend.dtype)}; use --kernel reference")
    from charrnn.kernels.cuda import CudaKernels, Limits  # compiles: only where it is wanted

    return CudaKernels(backend.xp, limits=Limits.of(backend.xp))


def _cpu(backend: Backend) -> ReferenceKernels:
    from charrnn.kernels.cpu import CpuKernels  # builds and loads a library: only where it is wanted

    return CpuKernels()


def _numpy(backend: Backend) -> FusedKernels:
    return FusedKernels()


def _reference(backend: Backend) -> ReferenceKernels:
    return ReferenceKernels(backend.xp)

