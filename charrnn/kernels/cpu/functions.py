"""The compiled functions as Python sees them."""

import ctypes
import functools
import os
from typing import Any

import numpy as np

from charrnn.device.processors import processors
from charrnn.kernels.cpu import build

COUNT, STRIDE, POINTER = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
FLOAT, DOUBLE, WORD = ctypes.c_float, ctypes.c_double, ctypes.c_uint64

MATRIX = (POINTER, STRIDE, STRIDE)
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "set_threads": (COUNT,),
    "after_fork": (),
    "gemm": (COUNT, COUNT, COUNT, *MATRIX, *MATRIX, POINTER, POINTER, STRIDE),
    "column_sums": (COUNT, COUNT, POINTER, STRIDE, POINTER),
    "gather": (COUNT, COUNT, COUNT, POINTER, POINTER, POINTER),
    "scatter_add": (COUNT, COUNT, COUNT, POINTER, POINTER, POINTER),
    "apply_mask": (STRIDE, POINTER, POINTER, POINTER),
    "approach": (STRIDE, POINTER, POINTER, FLOAT),
    "dropout_mask": (STRIDE, COUNT, FLOAT, WORD, WORD, WORD, POINTER),
    "log_softmax": (COUNT, COUNT, POINTER, POINTER, POINTER),
    "softmax_gradient": (COUNT, COUNT, POINTER, POINTER, POINTER),
    "square_sums": (STRIDE, POINTER, POINTER),
    "adam": (STRIDE, POINTER, POINTER, POINTER, POINTER, *6 * (FLOAT,)),
    "sample": (POINTER, COUNT, POINTER, POINTER, POINTER, POINTER, DOUBLE, COUNT, DOUBLE),
    "close_sampler": (POINTER,),
    **dict.fromkeys(("lstm", "gru", "gru_before", "tanh_cell", "relu"), (POINTER, COUNT)),
}


@functools.cache
def load(extra_flags: tuple[str, ...] = ()) -> ctypes.CDLL:
    """The library with its signatures, and its pool of as many threads as this process may use processors."""
    library = build.compiled(extra_flags)
    for name, arguments in SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, None
    library.open_sampler.argtypes, library.open_sampler.restype = (COUNT, POINTER, COUNT), POINTER
    library.set_threads(processors())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=library.after_fork)
    return library


def pointer(array: np.ndarray, dtype: Any = None) -> int:
    """The address of an array in C order, of float32 or 32-bit numbers unless `dtype` says otherwise."""
    assert array.flags.c_contiguous and (array.dtype == dtype if dtype else array.dtype in (np.float32, np.int32))
    return array.ctypes.data


def numbers(ids: Any) -> np.ndarray:
    """Ids of any integer type as the compiled functions read them."""
    return np.ascontiguousarray(ids, np.int32)


def matrix(array: np.ndarray) -> tuple[int, int, int]:
    """Address and strides, in floats, of a float32 matrix or view."""
    assert array.dtype == np.float32
    return array.ctypes.data, array.strides[0] // 4, array.strides[1] // 4
