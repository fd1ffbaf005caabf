"""The compiled functions as Python sees them."""

import ctypes
import functools
import os
from typing import Any

import numpy as np

from charrnn.kernels.cpu import build

COUNT, STRIDE, FLOAT, POINTER = ctypes.c_int, ctypes.c_int64, ctypes.c_float, ctypes.c_void_p

MATRIX = (POINTER, STRIDE, STRIDE)
SIGNATURES: dict[str, tuple[Any, ...]] = {
    "set_threads": (COUNT,),
    "after_fork": (),
    "gemm": (COUNT, COUNT, COUNT, *MATRIX, *MATRIX, POINTER, POINTER, STRIDE),
    **dict.fromkeys(("lstm", "gru", "gru_before", "tanh_cell", "relu"), (POINTER, COUNT)),
}


@functools.cache
def load() -> ctypes.CDLL:
    """The library with its signatures, and its pool of as many threads as this process may use processors."""
    library = build.library()
    for name, arguments in SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, None
    library.set_threads(processors())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=library.after_fork)
    return library


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pointer(array: np.ndarray) -> int:
    """The address of a float32 array in C order."""
    assert array.dtype == np.float32 and array.flags.c_contiguous
    return array.ctypes.data


def matrix(array: np.ndarray) -> tuple[int, int, int]:
    """Address and strides, in floats, of a float32 matrix or view."""
    assert array.dtype == np.float32
    return array.ctypes.data, array.strides[0] // 4, array.strides[1] // 4
