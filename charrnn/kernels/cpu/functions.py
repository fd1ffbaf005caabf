"""The compiled functions as Python sees them."""

import ctypes
import functools
import os
from typing import Any

import numpy as np

from charrnn.device.processors import processors
from charrnn.kernels.cells import compiled_cells
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
    "sample": (POINTER, COUNT, COUNT, POINTER, POINTER, POINTER, POINTER, DOUBLE, COUNT, DOUBLE),
    "close_sampler": (POINTER,),
}
RUN = "run_{}"  # by cell: all time steps of a layer
OPEN_SAMPLER = "open_sampler_{}"  # by cell


@functools.cache
def load(extra_flags: tuple[str, ...] = ()) -> ctypes.CDLL:
    """The library with its signatures; its pool has a thread for each processor that this process may use."""
    declared: dict[str, tuple[tuple[Any, ...], Any]] = {name: (types, None) for name, types in SIGNATURES.items()}
    declared["thread_count"] = (), COUNT
    for cell in compiled_cells():
        declared[RUN.format(cell.module)] = (POINTER, COUNT), None
        declared[OPEN_SAMPLER.format(cell.module)] = (POINTER, COUNT), POINTER
    library = build.compiled(extra_flags, tuple(declared))
    for name, (arguments, result) in declared.items():
        _declare(library, name, arguments, result)
    library.set_threads(processors())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=library.after_fork)
    return library


def _declare(library: ctypes.CDLL, name: str, arguments: tuple[Any, ...], result: Any) -> None:
    function = getattr(library, name)
    function.argtypes = arguments
    function.restype = result


def pointer(array: np.ndarray, dtype: Any = None) -> int:
    """The address of an array in C order, which holds float32, or int32, or values of `dtype` if given."""
    assert array.flags.c_contiguous and (array.dtype == dtype if dtype else array.dtype in (np.float32, np.int32))
    return array.ctypes.data


def numbers(ids: Any) -> np.ndarray:
    """Ids of any integer type as the int32 that the compiled functions read."""
    return np.ascontiguousarray(ids, np.int32)


def matrix(array: np.ndarray) -> tuple[int, int, int]:
    """The address of a float32 matrix or view, and its strides in floats."""
    assert array.dtype == np.float32
    return array.ctypes.data, array.strides[0] // 4, array.strides[1] // 4
