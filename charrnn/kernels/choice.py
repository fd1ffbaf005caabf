"""Chooses the kernels for a backend; `build` is the only place that does."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from charrnn.config import Config
from charrnn.device.backend import Backend
from charrnn.errors import OptionError, Unsupported
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.kernels.protocol import Kernels
from charrnn.kernels.reference import ReferenceKernels

log = logging.getLogger(__name__)

KERNELS = ("auto", "reference", "numpy", "cpu", "cuda")
CPU_INFO = Path("/proc/cpuinfo")


class Choice(NamedTuple):
    """The kernels to use, and one line for each faster kind that was passed over: which, and why."""

    kernels: Kernels
    refusals: tuple[str, ...]

    def passed_over(self, config: Config) -> tuple[str, ...]:
        """One line for each faster implementation that a network of `config` does not get: which, and why."""
        return (
            *self.refusals,
            *self.kernels.refusals(
                config.cell, hidden_size=config.hidden_size, seq_len=config.seq_len, batch_size=config.batch_size
            ),
        )

    def tell(self) -> None:
        """Log why these are not the fastest kernels, if so."""
        if self.refusals:
            log.info("%s kernels (%s)", self.kernels.name, "; ".join(self.refusals))


def build(backend: Backend, kernel: str = "auto", threads: int | None = None, precision: str = "float32") -> Choice:
    """The fastest kernels that support this backend, or the named ones; with 'auto', $CHARRNN_KERNEL may name them.

    `threads` is the number of threads; None leaves it unchanged, and initially it is one per processor. Kernels without
    threads of their own ignore it if they stand in for faster ones. `precision` is the setting: tf32 permits rounded
    products, bf16 requires them.

    Raises:
        Unsupported: the kernels named by `kernel` do not support this backend or precision, or have no threads to set.
        OptionError: the name of the kernels is unknown.
    """
    choice = _choose(backend, kernel, precision)
    if threads is not None and not choice.refusals:
        choice.kernels.set_threads(threads)
    return choice


def _choose(backend: Backend, kernel: str, precision: str) -> Choice:
    if kernel == "auto":
        kernel = os.environ.get("CHARRNN_KERNEL") or kernel
    kernel = kernel.lower()
    if kernel not in KERNELS:
        raise OptionError(f"kernel {kernel!r} is not one of {', '.join(KERNELS)}")
    kinds: dict[str, Callable[[Backend, str], Kernels]]
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
        kernel = fastest  # no other kernels have it, so their refusal is the answer
    refusals: list[str] = []
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


def _cuda(backend: Backend, precision: str) -> Kernels:
    _require_float32(backend)
    from charrnn.kernels.cuda.kernels import CudaKernels  # compiles, so it is imported only if it is wanted
    from charrnn.kernels.cuda.plan import GpuLimits

    # Without limits there are no persistent kernels, which round as TF32 does and so must not run in float32.
    limits = None if precision == "float32" else GpuLimits.of(backend.xp)
    return CudaKernels(backend.xp, precision=precision, limits=limits)


def _cpu(backend: Backend, precision: str) -> Kernels:
    _require_float32(backend)
    if precision == "bf16" and not (CPU_INFO.is_file() and "avx512_bf16" in CPU_INFO.read_text().split()):
        raise Unsupported(
            "bf16 needs a processor with AVX512_BF16, which this one lacks, or a GPU (Ampere or newer); use "
            "--precision float32"
        )
    from charrnn.kernels.cpu.kernels import CpuKernels  # builds a library, so it is imported only if wanted

    if precision == "bf16":
        return CpuKernels(precision="bf16")
    return CpuKernels(rounded_sampling=precision == "tf32")


def _require_float32(backend: Backend) -> None:
    if backend.dtype != np.float32:
        raise Unsupported(f"compiled kernels take float32 only, not {np.dtype(backend.dtype)}; use --kernel reference")


def _numpy(backend: Backend, precision: str) -> Kernels:
    return NumpyKernels()


def _reference(backend: Backend, precision: str) -> Kernels:
    return ReferenceKernels(backend.xp)
