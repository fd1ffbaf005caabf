"""Matrix products by cuBLAS in the precision that was asked for.

Products call cuBLAS's function for mixed precision instead of cupy.dot, whose precision is a setting of the whole
process, so that two networks of different precision would overwrite each other's. Factors and results are float32 in
memory; cuBLAS rounds factors on the way to the tensor cores, and adds in float32.

A training step is not recorded as a CUDA graph. CuPy refuses cuBLAS while a graph is recorded, so `Products` would have
to call it through ctypes, with a handle and a workspace of its own. The step would also have to read from device memory
what now comes from the host with each launch: the start of the chunk, the number of the step for dropout, the learning
rate and Adam's corrections, the row of the ledger. And a last, shorter chunk needs a graph of its own.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from charrnn.errors import Unsupported

Multiply = Callable[[Any, Any, Any], Any]  # a (M, K), b (K, N), out (M, N): out = a b

# cublasComputeType_t, cublasOperation_t, cudaDataType_t and cublasGemmAlgo_t, as in the headers
COMPUTE_TYPES = {"float32": 68, "tf32": 77, "bf16": 75}
PLAIN, TRANSPOSED = 0, 1
FLOAT32, BEST = 0, -1
OLDEST_TENSOR_CORES = 80  # Ampere: the first for TF32 and bfloat16


def multiplier(cupy: Any, precision: str) -> tuple[str, Multiply]:
    """The precision that the current device offers for `precision`, and a function that multiplies in it.

    Raises:
        Unsupported: bf16 was asked for, and the GPU does not have it.
    """
    capability = int(cupy.cuda.Device().compute_capability)
    if capability < OLDEST_TENSOR_CORES:
        if precision == "bf16":
            raise Unsupported(
                f"bf16 needs compute capability {OLDEST_TENSOR_CORES / 10} (Ampere), and this GPU has "
                f"{capability / 10}; use --precision float32"
            )
        precision = "float32"  # this GPU has no TF32
    from cupy_backends.cuda.libs import cublas  # only if cuBLAS is there

    return precision, Products(cublas.gemmEx, cupy.cuda.device.get_cublas_handle(), COMPUTE_TYPES[precision])


class Products:
    """Products of float32 matrices in row-major or column-major order, or of parts of these; `out` is row-major.

    cuBLAS reads a row-major matrix as its transpose, so it computes out^T = b^T a^T.
    """

    def __init__(self, gemm: Callable[..., None], handle: int, compute_type: int) -> None:
        self._gemm, self._handle, self._compute_type = gemm, handle, compute_type
        self._one, self._zero = np.ones(1, np.float32), np.zeros(1, np.float32)  # kept: cuBLAS gets their addresses
        self._addresses = self._one.ctypes.data, self._zero.ctypes.data

    def __call__(self, a: Any, b: Any, out: Any) -> None:
        (rows, depth), columns = a.shape, b.shape[1]
        (left, left_step), (right, right_step) = _layout(b), _layout(a)
        one, zero = self._addresses
        self._gemm(
            self._handle,
            left,
            right,
            columns,
            rows,
            depth,
            one,
            b.data.ptr,
            FLOAT32,
            left_step,
            a.data.ptr,
            FLOAT32,
            right_step,
            zero,
            out.data.ptr,
            FLOAT32,
            _layout(out)[1],
            self._compute_type,
            BEST,
        )


def _layout(matrix: Any) -> tuple[int, int]:
    """PLAIN for row-major or TRANSPOSED for column-major, and the values from one row (or column) to the next."""
    (rows, columns), (down, right) = matrix.shape, matrix.strides
    item = matrix.itemsize
    if right == item:
        return PLAIN, max(down // item, columns)
    assert down == item or rows == 1, "neither row-major nor column-major"
    return TRANSPOSED, max(right // item, rows)
