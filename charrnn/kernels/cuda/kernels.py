"""The CUDA kernels on CuPy arrays."""

from typing import Any

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.cells import require_header
from charrnn.kernels.cuda import persistent
from charrnn.kernels.cuda.plan import GpuLimits
from charrnn.kernels.cuda.products import multiplier
from charrnn.kernels.cuda.program import Compile, compiler, source
from charrnn.kernels.cuda.stepwise import OneProductStepwise, TwoProductsStepwise
from charrnn.kernels.protocol import MASK_LEVELS, Recurrence
from charrnn.kernels.reference import ReferenceKernels

THREADS, WARP = 256, 32
ROWS_PER_BLOCK = 4  # rows of a softmax per block: 128 threads, a warp for each
PARTIAL_SUMS = 256  # partial sums of an array; the same on every GPU
ROWS_PER_SUM = 256  # rows that one block adds up
CLIP_BLOCKS = 512  # at most, because each of them has to add up the partial sums
CHOOSE_THREADS = 128  # threads for each text
MASK_BYTES = 32  # bytes of the generator per thread
SOURCES = ("softmax.cu", "rows.cu", "update.cu", "dropout.cu", "choose.cu")


class CudaKernels(ReferenceKernels):
    """CuPy arrays in float32; a scalar that a method returns is overwritten by its next call.

    `precision` is the setting; the attribute is the actual precision of the products. `compile_source` is for tests
    without a device, whose products are `xp.dot`. With the GPU's `limits`, recurrent products may be only as precise as
    TF32, and all time steps are one launch if possible; without them, each time step is a launch.

    Raises:
        Unsupported: the GPU is too old for these kernels or for bf16, or NVRTC does not work.
    """

    name = "cuda"
    chooses = True

    def __init__(
        self,
        xp: Any,
        compile_source: Compile | None = None,
        precision: str = "float32",
        limits: GpuLimits | None = None,
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
        _check_size(seq_len * batch_size * hidden_size)
        kind, sizes = CELLS[cell], {"hidden_size": hidden_size, "seq_len": seq_len, "batch_size": batch_size}
        try:
            require_header(kind)
        except Unsupported:  # `refusals` says so
            return super().recurrence(cell, **sizes, dtype=dtype, training=training)
        try:
            return persistent.build(self, kind, **sizes, training=training)
        except Unsupported:  # `refusals` says so, or a log message if the GPU does not start them
            stepwise = TwoProductsStepwise if kind.two_products else OneProductStepwise
            return stepwise(self, kind, **sizes, training=training)

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        try:
            require_header(CELLS[cell])
        except Unsupported as refusal:
            return (f"compiled time loop: {refusal}",)
        try:
            persistent.plans(self.limits, CELLS[cell], hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size)
        except Unsupported as refusal:
            return (f"persistent kernels: {refusal}",)
        return ()

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        self.multiply(a, b, out)
        if bias is not None:
            out += bias

    def column_sums(self, a: Any, out: Any) -> None:
        """Sum every ROWS_PER_SUM rows first, then these sums."""
        rows, columns = a.shape
        pieces = -(-rows // ROWS_PER_SUM)
        if pieces == 1:
            self._sum_columns(a, 1, rows, out)
            return
        partial = self._buffer("pieces", pieces * columns).reshape(pieces, columns)
        self._sum_columns(a, pieces, ROWS_PER_SUM, partial)
        self._sum_columns(partial, 1, pieces, out)

    def _sum_columns(self, a: Any, pieces: int, piece: int, out: Any) -> None:
        rows, columns = a.shape
        sizes = (rows, columns, a.strides[0] // a.itemsize, piece)
        self._column_sums((-(-columns // WARP), pieces), (THREADS,), (*map(np.int32, sizes), a, out))

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        sizes = map(np.int32, (*table.shape, ids.itemsize))
        self._gather((len(out),), (THREADS,), (*sizes, table, ids, out))

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """Multiply with the one-hot matrix, because atomic sums would have no fixed order."""
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
        words = np.array([seed], np.uint64).view(np.int32)  # little-endian, as is every machine with a GPU
        counted = (*words, np.int32(number), np.int32(step))
        kept = np.float32(MASK_LEVELS / (MASK_LEVELS - dropped))
        grid = (-(-mask.size // (THREADS * MASK_BYTES)),)
        self._dropout_mask(grid, (THREADS,), (np.int32(mask.size), np.int32(dropped), kept, *counted, mask))

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        nats = self.xp.empty(len(targets), np.float32)
        self._softmax(self._log_softmax, logits, targets, nats)
        return nats

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        count = len(targets)
        nats = self._buffer("nats", count)
        self._softmax(self._softmax_gradient, logits, targets, nats, np.float32(1 / count))
        return self._sum(nats, 1 / count, self._loss)

    def _softmax(self, kernel: Any, logits: Any, targets: Any, nats: Any, *scale: Any) -> None:
        count, vocab_size = logits.shape
        sizes = map(np.int32, (count, vocab_size, targets.itemsize))
        kernel((-(-count // ROWS_PER_BLOCK),), (ROWS_PER_BLOCK * WARP,), (*sizes, *scale, logits, targets, nats))

    def norm(self, a: Any) -> Any:
        self._add_squares(a)
        return self._sum(self._partial, 1.0, self._norm, root=True)

    def clip(self, a: Any, limit: float) -> Any:
        self._add_squares(a)
        blocks = min(-(-a.size // THREADS), CLIP_BLOCKS)
        sizes = (np.int32(a.size), np.int32(PARTIAL_SUMS), np.float32(limit))
        self._clip((blocks,), (THREADS,), (*sizes, a, self._partial, self._norm))
        return self._norm

    def _add_squares(self, a: Any) -> None:
        self._square_sums((PARTIAL_SUMS,), (THREADS,), (np.int32(a.size), a, self._partial))

    def _sum(self, values: Any, scale: float, out: Any, *, root: bool = False) -> Any:
        """Write the sum of values times scale, or its square root."""
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
        _check_size(w.size)
        numbers = map(np.float32, (rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon))
        arguments = (np.int32(w.size), w, dw, mean, square_mean, *numbers)
        self._adam((-(-w.size // THREADS),), (THREADS,), arguments)

    def choose(self, logits: Any, draws: Any, ids: Any, *, temperature: float, top_k: int, top_p: float) -> None:
        """See `Kernels.choose`; draws are float64, ids int32."""
        texts, vocab_size = logits.shape
        scratch = (self._buffer("weights", logits.size, np.float64), self._buffer("order", logits.size, np.int32))
        sizes = (np.int32(vocab_size), np.int32(top_k), np.float64(top_p), np.float64(temperature))
        self._choose((texts,), (CHOOSE_THREADS,), (*sizes, logits, draws, *scratch, ids))

    def _buffer(self, name: str, size: int, dtype: Any = np.float32) -> Any:
        """Scratch for `size` numbers until the next call with this name; it only grows."""
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = self.xp.empty(size, dtype)
        return self._buffers[name][:size]


def _check_size(values: int) -> None:
    """Refuse an array that has more values than the kernels can count in 32 bits."""
    if values >= 1 << 31:
        raise BackendError(
            f"the GPU kernels do not take arrays of {values:,} values; lower --batch-size, --seq-len or --hidden-size"
        )
