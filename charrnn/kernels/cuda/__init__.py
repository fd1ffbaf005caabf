"""Kernels for NVIDIA GPUs, compiled by NVRTC at first use; float32. Matrix products are cuBLAS's (products.py).

    device.h   what all of them start from      program.py      puts the sources together and compiles them
    sweep.cu   a time step of a cell            gated.cu        of the cell whose step has two halves
    softmax.cu rows.cu update.cu                products.py     matrix products, and their precision
    dropout.cu choose.cu                        recurrence.py   the recurrences, a launch for each time step

    persistent_forward.cu persistent_backward.cu    all time steps in one launch; member.h on top of product.h,
                                                    exchange.h, shape.h and instructions.h
    persistent.py plan.py                           the recurrences in terms of them, and their sizes for a GPU

Nothing here waits for the device or asks it for a value, and every sum is made in an order that depends on the sizes
alone: equal runs are equal to the last bit.
"""

from typing import Any

import numpy as np

from charrnn.cells.protocol import Recurrence
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.cuda import persistent
from charrnn.kernels.cuda.plan import Limits
from charrnn.kernels.cuda.products import multiplier
from charrnn.kernels.cuda.program import Compile, compiler, source
from charrnn.kernels.cuda.recurrence import GatedSweep, SteppedSweep
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network.regularization import LEVELS

THREADS, WARP = 256, 32
ROWS_PER_BLOCK = 4  # of the softmax: 128 threads, a warp for each
PARTIAL_SUMS = 256  # of an array; the same on every GPU
PIECE = 256  # rows that one block adds up
CLIP_BLOCKS = 512  # at most: each of them has to add up the partial sums
CHOOSE_THREADS = 128  # for a text
MASK_BYTES = 32  # of the generator, to a thread
SOURCES = ("softmax.cu", "rows.cu", "update.cu", "dropout.cu", "choose.cu")


class CudaKernels(ReferenceKernels):
    """CuPy arrays in float32; a scalar that a method returns is overwritten by its next call.

    `precision` is a wish, and afterwards what the products are really made in. `compile_source` is for tests without a
    device, whose products are `xp.dot`. With the GPU's `limits`, recurrent products may be as precise as TF32 only, and
    all time steps are one launch where that is possible; without, there is a launch for each of them.

    Raises:
        Unsupported: the GPU is too old for them or for bf16, or NVRTC does not work.
    """

    name = "cuda"
    chooses = True

    def __init__(
        self, xp: Any, compile_source: Compile | None = None, precision: str = "float32", limits: Limits | None = None
    ) -> None:
        super().__init__(xp)
        self.compile, self.limits = compile_source or compiler(xp), limits
        if compile_source:
            self.precision, self.multiply = precision, xp.dot
        else:
            self.precision, self.multiply = multiplier(xp, precision)
        softmax, rows, update, dropout, choose = map(self.compile, map(source, SOURCES))
        self._log_softmax = softmax.get_function("log_softmax")
        self._softmax_gradient = softmax.get_function("softmax_gradient")
        self._gather, self._one_hot = rows.get_function("gather"), rows.get_function("one_hot")
        self._column_sums = rows.get_function("column_sums")
        self._square_sums, self._total = update.get_function("square_sums"), update.get_function("total")
        self._adam, self._clip = update.get_function("adam"), update.get_function("clip")
        self._read_streams, self._dropout_mask = rows.get_function("read_streams"), dropout.get_function("dropout_mask")
        self._choose = choose.get_function("choose")
        self._buffers: dict[str, Any] = {}
        self._partial = xp.empty(PARTIAL_SUMS, np.float32)
        self._loss, self._norm = xp.empty((), np.float32), xp.empty((), np.float32)

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """See `ReferenceKernels.recurrence`."""
        _check_size(seq_len * batch_size * hidden_size)
        try:
            return persistent.build(
                self, cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size, training=training
            )
        except Unsupported:  # `refusals` tells, or a note where the GPU starts none
            kind = GatedSweep if cell == "gru-before" else SteppedSweep
            return kind(self, cell, hidden_size, seq_len, batch_size, training)

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        """See `ReferenceKernels.refusals`."""
        try:
            persistent.plans(self.limits, cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size)
        except Unsupported as refusal:
            return (f"persistent sweeps: {refusal}",)
        return ()

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        """See `ReferenceKernels.matmul`."""
        self.multiply(a, b, out)
        if bias is not None:
            out += bias

    def column_sums(self, a: Any, out: Any) -> None:
        """See `ReferenceKernels.column_sums`; in pieces of rows first, then over the pieces."""
        rows, columns = a.shape
        pieces = -(-rows // PIECE)
        if pieces == 1:
            self._sum_columns(a, 1, rows, out)
            return
        partial = self._buffer("pieces", pieces * columns).reshape(pieces, columns)
        self._sum_columns(a, pieces, PIECE, partial)
        self._sum_columns(partial, 1, pieces, out)

    def _sum_columns(self, a: Any, pieces: int, piece: int, out: Any) -> None:
        rows, columns = a.shape
        sizes = (rows, columns, a.strides[0] // a.itemsize, piece)
        self._column_sums((-(-columns // WARP), pieces), (THREADS,), (*map(np.int32, sizes), a, out))

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        """See `ReferenceKernels.gather`."""
        self._gather((len(out),), (THREADS,), (np.int32(out.shape[1]), np.int32(ids.itemsize), table, ids, out))

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """See `ReferenceKernels.scatter_add`; as a product with the one-hot matrix: atomic sums would have no order."""
        count, vocab_size = len(ids), len(out)
        one_hot = self._buffer("one-hot", vocab_size * count).reshape(vocab_size, count)
        grid = (vocab_size, -(-count // THREADS))  # the second may be 65,535 at most
        self._one_hot(grid, (THREADS,), (np.int32(count), np.int32(ids.itemsize), ids, one_hot))
        self.matmul(one_hot, rows, out)

    def read_streams(self, text: Any, starts: Any, out: Any) -> None:
        """See `ReferenceKernels.read_streams`; `starts` are int64."""
        sizes = map(np.int32, (out.size, len(starts), text.itemsize))
        self._read_streams((-(-out.size // THREADS),), (THREADS,), (*sizes, text, starts, out))

    def dropout_mask(self, mask: Any, dropped: int, *, seed: int, number: int, step: int) -> None:
        """See `ReferenceKernels.dropout_mask`."""
        words = np.array([seed], np.uint64).view(np.int32)  # little-endian, as everything that has a GPU
        counted = (*words, np.int32(number), np.int32(step))
        kept = np.float32(LEVELS / (LEVELS - dropped))
        grid = (-(-mask.size // (THREADS * MASK_BYTES)),)
        self._dropout_mask(grid, (THREADS,), (np.int32(mask.size), np.int32(dropped), kept, *counted, mask))

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        """See `ReferenceKernels.cross_entropy`."""
        nats = self.xp.empty(len(targets), np.float32)
        self._softmax(self._log_softmax, logits, targets, nats)
        return nats

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        """See `ReferenceKernels.cross_entropy_gradient`."""
        count = len(targets)
        nats = self._buffer("nats", count)
        self._softmax(self._softmax_gradient, logits, targets, nats, np.float32(1 / count))
        return self._sum(nats, 1 / count, False, self._loss)

    def _softmax(self, kernel: Any, logits: Any, targets: Any, nats: Any, *scale: Any) -> None:
        count, vocab_size = logits.shape
        sizes = map(np.int32, (count, vocab_size, targets.itemsize))
        kernel((-(-count // ROWS_PER_BLOCK),), (ROWS_PER_BLOCK * WARP,), (*sizes, *scale, logits, targets, nats))

    def norm(self, a: Any) -> Any:
        """See `ReferenceKernels.norm`."""
        self._add_squares(a)
        return self._sum(self._partial, 1.0, True, self._norm)

    def clip(self, a: Any, limit: float) -> Any:
        """See `ReferenceKernels.clip`."""
        self._add_squares(a)
        blocks = min(-(-a.size // THREADS), CLIP_BLOCKS)
        sizes = (np.int32(a.size), np.int32(PARTIAL_SUMS), np.float32(limit))
        self._clip((blocks,), (THREADS,), (*sizes, a, self._partial, self._norm))
        return self._norm

    def _add_squares(self, a: Any) -> None:
        self._square_sums((PARTIAL_SUMS,), (THREADS,), (np.int32(a.size), a, self._partial))

    def _sum(self, values: Any, scale: float, root: bool, out: Any) -> Any:
        self._total((1,), (THREADS,), (np.int32(values.size), np.float32(scale), np.int32(root), values, out))
        return out

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
        _check_size(w.size)
        numbers = map(np.float32, (rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon))
        arguments = (np.int32(w.size), w, dw, mean, square_mean, *numbers)
        self._adam((-(-w.size // THREADS),), (THREADS,), arguments)

    def choose(self, logits: Any, draws: Any, ids: Any, *, temperature: float, top_k: int, top_p: float) -> None:
        """See `ReferenceKernels.choose`; draws are float64, ids int32."""
        texts, vocab_size = logits.shape
        scratch = (self._buffer("weights", logits.size, np.float64), self._buffer("order", logits.size, np.int32))
        sizes = (np.int32(vocab_size), np.int32(top_k), np.float64(top_p), np.float64(temperature))
        self._choose((texts,), (CHOOSE_THREADS,), (*sizes, logits, draws, *scratch, ids))

    def _buffer(self, name: str, size: int, dtype: Any = np.float32) -> Any:
        """Room for `size` numbers until the next call with that name; it only ever grows."""
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = self.xp.empty(size, dtype)
        return self._buffers[name][:size]


def _check_size(values: int) -> None:
    """Kernels count the values of an array in 32 bits."""
    if values >= 1 << 31:
        raise BackendError(
            f"the GPU kernels do not take arrays of {values:,} values; lower --batch-size, --seq-len or --hidden-size"
        )
