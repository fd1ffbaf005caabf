"""Kernels in C++, compiled at first use for the processor they run on; float32, or products of bfloat16.

    pool       one team of threads for everything
    factor     what products multiply: floats, or pairs of bfloat16
    panel      the matrix product that all others are made of
    gemm       products of whole matrices, in place of BLAS
    sweep      the recurrences, over ../pointwise.h
    softmax    cross-entropy and its gradient
    rows       rows by number, sums over rows
    update     gradient norm, Adam and averages over the flat buffers, products with masks
    dropout    the masks
    sample     drawing text, without a Python step per character

Tried, and no faster (Zen 3, products and steps of two-layer networks): packing the rows of a where they lie side by
side already (over 13 products 0.86 of OpenBLAS's rate in place of 0.87); packing columns for 2, 8 or 64 tiles in one
pass, so that each line of memory is read once (0.83 to 0.98 of the rate of tile after tile, over 7 products of weight
gradients); fetching ahead what the gates read; going through a chunk in pieces of ten time steps, for products to find
z in the cache (92 to 101 GFLOP/s either way at 128 units).

Products of bfloat16 are a second library of the same sources, for processors with AVX512_BF16. It was tested on a Zen
3, which is none of them, by an emulation of the one instruction: that itself never ran, and was never timed.
"""

from typing import Any

import numpy as np

from charrnn.cells.protocol import Recurrence
from charrnn.kernels.cpu import functions
from charrnn.kernels.cpu.recurrence import CompiledSweep
from charrnn.kernels.cpu.sampling import Sampler
from charrnn.kernels.numpy.unrolled import FusedKernels
from charrnn.network.regularization import LEVELS

FLAGS = {"float32": (), "bf16": ("-DBF16",)}


class CpuKernels(FusedKernels):
    """Compiled kernels for float32 arrays; whatever else comes goes to NumPy.

    In bf16 the factors of all matrix products are rounded, and nothing else. `rounded_sampling` allows text to be drawn
    with weights of ten bits. All kernels of a process and a precision share one pool of threads. Results do not depend
    on their number.

    Raises:
        Unsupported: they cannot be compiled here, and why.
    """

    name = "cpu"

    def __init__(
        self, extra_flags: tuple[str, ...] = (), precision: str = "float32", rounded_sampling: bool = False
    ) -> None:
        super().__init__()
        self.precision, self._rounded_sampling = precision, rounded_sampling
        self.functions = functions.load((*FLAGS[precision], *extra_flags))

    def set_threads(self, threads: int) -> None:
        """Run on so many threads from now on; at first, on every processor that the process may use."""
        self.functions.set_threads(threads)

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """See `ReferenceKernels.recurrence`."""
        if dtype != np.float32:
            return super().recurrence(
                cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size, dtype=dtype, training=training
            )
        return CompiledSweep(self, cell, hidden_size, seq_len, batch_size, training)

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        """See `ReferenceKernels.matmul`."""
        if out.dtype != np.float32:
            return super().matmul(a, b, out, bias)
        (rows, depth), columns = a.shape, b.shape[1]
        self.functions.gemm(
            rows,
            depth,
            columns,
            *functions.matrix(a),
            *functions.matrix(b),
            None if bias is None else functions.pointer(bias),
            functions.pointer(out),
            columns,
        )
        return None

    def column_sums(self, a: Any, out: Any) -> None:
        """See `ReferenceKernels.column_sums`."""
        if out.dtype != np.float32:
            return super().column_sums(a, out)
        data, stride, _ = functions.matrix(a)
        self.functions.column_sums(*a.shape, data, stride, functions.pointer(out))
        return None

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        """See `ReferenceKernels.gather`."""
        if out.dtype != np.float32:
            return super().gather(table, ids, out)
        ids = functions.numbers(ids)
        self.functions.gather(
            len(ids), *table.shape, functions.pointer(table), functions.pointer(ids), functions.pointer(out)
        )
        return None

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """See `ReferenceKernels.scatter_add`."""
        if out.dtype != np.float32:
            return super().scatter_add(ids, rows, out)
        ids = functions.numbers(ids)
        self.functions.scatter_add(
            len(ids), *out.shape, functions.pointer(rows), functions.pointer(ids), functions.pointer(out)
        )
        return None

    def apply_mask(self, a: Any, mask: Any, out: Any) -> None:
        """See `ReferenceKernels.apply_mask`."""
        if out.dtype != np.float32 or a.shape != mask.shape:
            return super().apply_mask(a, mask, out)
        self.functions.apply_mask(out.size, *map(functions.pointer, (a, mask, out)))
        return None

    def approach(self, a: Any, b: Any, share: float, s: Any) -> None:
        """See `ReferenceKernels.approach`."""
        if a.dtype != np.float32:
            return super().approach(a, b, share, s)
        self.functions.approach(a.size, functions.pointer(a), functions.pointer(b), share)
        return None

    def dropout_mask(self, mask: Any, dropped: int, *, seed: int, number: int, step: int) -> None:
        """See `ReferenceKernels.dropout_mask`."""
        if mask.dtype != np.float32:
            return super().dropout_mask(mask, dropped, seed=seed, number=number, step=step)
        kept = LEVELS / (LEVELS - dropped)
        self.functions.dropout_mask(mask.size, dropped, kept, seed, number, step, functions.pointer(mask))
        return None

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        """See `ReferenceKernels.cross_entropy`."""
        if logits.dtype != np.float32:
            return super().cross_entropy(logits, targets)
        return self._nats(self.functions.log_softmax, logits, targets)

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        """See `ReferenceKernels.cross_entropy_gradient`."""
        if logits.dtype != np.float32:
            return super().cross_entropy_gradient(logits, targets)
        return self._nats(self.functions.softmax_gradient, logits, targets).mean()

    def _nats(self, function: Any, logits: Any, targets: Any) -> Any:
        targets, nats = functions.numbers(targets), np.empty(len(targets), np.float32)
        function(*logits.shape, functions.pointer(logits), functions.pointer(targets), functions.pointer(nats))
        return nats

    def sampler(self, cell: str, params: Any, num_layers: int, batch_size: int) -> Any:
        """See `ReferenceKernels.sampler`."""
        if params["head.bias"].dtype != np.float32:
            return super().sampler(cell, params, num_layers, batch_size)
        return Sampler(self, cell, params, num_layers, batch_size, self._rounded_sampling)

    def norm(self, a: Any) -> Any:
        """See `ReferenceKernels.norm`."""
        if a.dtype != np.float32:
            return super().norm(a)
        sums = np.empty(-(-a.size // 4096))
        self.functions.square_sums(a.size, functions.pointer(a), functions.pointer(sums, np.float64))
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
        """See `ReferenceKernels.adam`."""
        if w.dtype != np.float32:
            return super().adam(w, dw, s, mean, square_mean, rate, beta1, beta2, epsilon)
        arrays = (functions.pointer(a) for a in (w, dw, mean, square_mean))
        self.functions.adam(w.size, *arrays, rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon)
        return None
