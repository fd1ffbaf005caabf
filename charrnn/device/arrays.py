"""Buffers: aligned arrays, and one buffer for all parameters or all gradients, with named views.

With one buffer, clipping takes one norm, an optimizer a handful of operations, and a checkpoint one loop.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

CACHE_LINE = 64  # bytes

Shapes = Mapping[str, tuple[int, ...]]


def zeros(xp: Any, shape: int | tuple[int, ...], dtype: Any) -> Any:
    """An array of zeros that begins at a cache line, which CuPy's arrays do and NumPy's may not.

    Otherwise every other vector may straddle two cache lines, which slows down the matrix products of a training step.
    """
    if xp is not np:
        return xp.zeros(shape, dtype)
    size = math.prod(shape if isinstance(shape, tuple) else (shape,)) * np.dtype(dtype).itemsize
    padded = np.zeros(size + CACHE_LINE, np.uint8)
    start = -padded.ctypes.data % CACHE_LINE
    return padded[start : start + size].view(dtype).reshape(shape)


class Flat:
    """Named arrays that share one contiguous buffer.

    Matrices come before vectors, so that `matrices`, which weight decay changes, is one contiguous part of the buffer.
    """

    def __init__(self, xp: Any, shapes: Shapes, dtype: Any, fill: Mapping[str, Any] | None = None) -> None:
        order = sorted(shapes, key=lambda name: len(shapes[name]) < 2)  # stable: keeps the given order otherwise
        self.buffer = zeros(xp, sum(math.prod(shape) for shape in shapes.values()), dtype)
        self.matrices = self.buffer[: sum(math.prod(shape) for shape in shapes.values() if len(shape) > 1)]
        self._shapes = {name: shapes[name] for name in order}
        self._views = self.like(self.buffer)
        for name, values in (fill or {}).items():
            self._views[name][...] = values

    def copy(self, xp: Any) -> "Flat":
        """A copy in a buffer of its own."""
        return Flat(xp, self._shapes, self.buffer.dtype, self._views)

    def __getitem__(self, name: str) -> Any:
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and views, matrices first."""
        return iter(self._views.items())

    def like(self, buffer: Any) -> dict[str, Any]:
        """Views of another buffer of the same size under the same names, such as an optimizer's moments."""
        views, start = {}, 0
        for name, shape in self._shapes.items():
            stop = start + math.prod(shape)
            views[name] = buffer[start:stop].reshape(shape)
            start = stop
        return views

    def layer(self, index: int) -> dict[str, Any]:
        """The views of recurrent layer `index` by short name: PyTorch's four and the cell's own."""
        prefix, suffix = "rnn.", f"_l{index}"
        return {
            name[len(prefix) : -len(suffix)]: view
            for name, view in self._views.items()
            if name.startswith(prefix) and name.endswith(suffix)
        }
