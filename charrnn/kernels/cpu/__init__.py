"""Kernels in C++, compiled at first use for the processor they run on; float32.

    pool       one team of threads for everything
    panel      the matrix product that all others are made of
    gemm       products of whole matrices, in place of BLAS
    sweep      the recurrences, over ../pointwise.h
"""

from typing import Any

import numpy as np

from charrnn.kernels.cpu import library
from charrnn.kernels.cpu.recurrence import CompiledSweep
from charrnn.kernels.fused import FusedKernels
from charrnn.recurrence import Recurrence


class CpuKernels(FusedKernels):
    """Compiled kernels for float32 arrays; whatever else comes goes to NumPy.

    Raises:
        Unsupported: they cannot be compiled here, and why.
    """

    name = "cpu"

    def __init__(self) -> None:
        super().__init__()
        self._library = library.load()

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """See `ReferenceKernels.recurrence`."""
        if dtype != np.float32:
            return super().recurrence(cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size,
                                      dtype=dtype, training=training)
        return CompiledSweep(self, cell, hidden_size, seq_len, batch_size, training)

    def matmul(self, a: Any, b: Any, out: Any) -> None:
        """See `ReferenceKernels.matmul`."""
        if out.dtype != np.float32:
            return super().matmul(a, b, out)
        (rows, depth), columns = a.shape, b.shape[1]
        self._library.gemm(rows, depth, columns, *library.matrix(a), *library.matrix(b), None, library.pointer(out),
                           columns)
        return None
