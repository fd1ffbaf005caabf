"""The compiled kernels for float32 arrays on a CPU."""

from typing import Any

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.errors import Unsupported
from charrnn.kernels.cells import require_header
from charrnn.kernels.cpu import functions
from charrnn.kernels.cpu.functions import matrix, numbers, pointer
from charrnn.kernels.cpu.recurrence import CompiledLoop
from charrnn.kernels.cpu.sampling import Sampler
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.kernels.protocol import MASK_LEVELS, CompiledSampler, Recurrence

FLAGS = {"float32": (), "bf16": ("-DBF16",)}
_SQUARES_PER_SUM = 4096  # as in update.cpp


class CpuKernels(NumpyKernels):
    """Compiled kernels; NumPy runs the recurrences of cells that have no compiled step.

    In bf16, only the factors of matrix products are rounded. `rounded_sampling` allows sampling with weights of ten
    bits. All kernels of a process and a precision share one pool of threads. Results do not depend on the number of
    threads.

    Raises:
        Unsupported: they cannot be compiled here; the message says why.
    """

    name = "cpu"

    def __init__(
        self, extra_flags: tuple[str, ...] = (), precision: str = "float32", rounded_sampling: bool = False
    ) -> None:
        super().__init__()
        self.precision = precision
        self.functions = functions.load((*FLAGS[precision], *extra_flags))
        self._rounded_sampling = rounded_sampling

    def set_threads(self, threads: int) -> None:
        self.functions.set_threads(threads)

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        sizes = {"hidden_size": hidden_size, "seq_len": seq_len, "batch_size": batch_size}
        try:
            require_header(CELLS[cell])
        except Unsupported:  # `refusals` says so
            return super().recurrence(cell, **sizes, dtype=dtype, training=training)
        return CompiledLoop(self, self.functions, CELLS[cell], **sizes, training=training)

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        try:
            require_header(CELLS[cell])
        except Unsupported as refusal:
            sizes = {"hidden_size": hidden_size, "seq_len": seq_len, "batch_size": batch_size}
            return (f"compiled time loop: {refusal}", *super().refusals(cell, **sizes))
        return ()

    def sampler(self, cell: str, params: Any, num_layers: int, batch_size: int) -> CompiledSampler | None:
        try:
            require_header(CELLS[cell])
        except Unsupported:
            return None
        return Sampler(self, self.functions, CELLS[cell], params, num_layers, batch_size, self._rounded_sampling)

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        (rows, depth), columns = a.shape, b.shape[1]
        bias = None if bias is None else pointer(bias)
        self.functions.gemm(rows, depth, columns, *matrix(a), *matrix(b), bias, pointer(out), columns)

    def column_sums(self, a: Any, out: Any) -> None:
        data, stride, _ = matrix(a)
        self.functions.column_sums(*a.shape, data, stride, pointer(out))

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        ids = numbers(ids)
        self.functions.gather(len(ids), *table.shape, pointer(table), pointer(ids), pointer(out))

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        ids = numbers(ids)
        self.functions.scatter_add(len(ids), *out.shape, pointer(rows), pointer(ids), pointer(out))

    def apply_mask(self, a: Any, mask: Any, out: Any) -> None:
        if a.shape != mask.shape:  # NumPy broadcasts
            super().apply_mask(a, mask, out)
        else:
            self.functions.apply_mask(out.size, pointer(a), pointer(mask), pointer(out))

    def approach(self, a: Any, b: Any, share: float, s: Any) -> None:
        self.functions.approach(a.size, pointer(a), pointer(b), share)

    def dropout_mask(self, mask: Any, dropped: int, *, seed: int, number: int, step: int) -> None:
        kept = MASK_LEVELS / (MASK_LEVELS - dropped)
        self.functions.dropout_mask(mask.size, dropped, kept, seed, number, step, pointer(mask))

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        return self._nats(self.functions.log_softmax, logits, targets)

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        return self._nats(self.functions.softmax_gradient, logits, targets).mean()

    def _nats(self, function: Any, logits: Any, targets: Any) -> np.ndarray:
        targets, nats = numbers(targets), np.empty(len(targets), np.float32)
        function(*logits.shape, pointer(logits), pointer(targets), pointer(nats))
        return nats

    def norm(self, a: Any) -> Any:
        sums = np.empty(-(-a.size // _SQUARES_PER_SUM))
        self.functions.square_sums(a.size, pointer(a), pointer(sums, np.float64))
        return np.float32(np.sqrt(sums.sum()))

    def adam(
        self,
        w: Any,
        dw: Any,
        s: Any,
        mean: Any,
        square_mean: Any,
        rate: float,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        arrays = (pointer(a) for a in (w, dw, mean, square_mean))
        self.functions.adam(w.size, *arrays, rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon)
