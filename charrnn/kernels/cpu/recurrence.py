"""The compiled time loop as a `Recurrence`: the buffers of a layer, and two calls."""

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells.protocol import Cell, State
from charrnn.device.arrays import zeros
from charrnn.kernels.cpu.functions import COUNT, POINTER, RUN, STRIDE, pointer
from charrnn.kernels.protocol import Kernels

FORWARD, BACKWARD = 0, 1


class Arrays(ctypes.Structure):
    """The structure of the same name in time_loop.h."""

    _fields_ = (
        [(name, COUNT) for name in ("steps", "batch", "hidden")]
        + [("tape", STRIDE)]
        + [(name, POINTER) for name in ("weight", "bias", "z", "h", "c", "saved", "dh", "dh_state", "dc_state")]
    )


class CompiledLoop:
    """A recurrent layer whose time steps run inside one call; float32 only. `functions` is the compiled library."""

    def __init__(
        self,
        kernels: Kernels,
        functions: ctypes.CDLL,
        cell: Cell,
        hidden_size: int,
        seq_len: int,
        batch_size: int,
        training: bool,
    ) -> None:
        self._kernels = kernels
        self._cell = cell
        self._run = getattr(functions, RUN.format(cell.module))
        shape, taped = (batch_size, hidden_size), seq_len if training else 0
        has_c = len(cell.states) > 1
        self._states = [zeros(np, (seq_len + 1, *shape), np.float32)]  # h; index 0 is the initial state
        if has_c:
            self._states.append(zeros(np, (taped + 1, *shape), np.float32))
        self._saved = zeros(np, (max(taped, 1), *shape), np.float32) if cell.saved else None
        self._arrays = Arrays(batch=batch_size, hidden=hidden_size, tape=batch_size * hidden_size if training else 0)
        self._arrays.h = pointer(self._states[0])
        self._arrays.c = pointer(self._states[1]) if has_c else None
        self._arrays.saved = None if self._saved is None else pointer(self._saved)
        if training:
            self._dstates = [zeros(np, shape, np.float32) for _ in cell.states]
            self._arrays.dh_state = pointer(self._dstates[0])
            self._arrays.dc_state = pointer(self._dstates[1]) if has_c else None

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """See `Recurrence.forward`."""
        for mine, given in zip(self._states, state, strict=True):
            mine[0] = given
        self._z, steps = z, len(z)
        self._arrays.steps, self._arrays.z = steps, pointer(z)
        self._arrays.weight, self._arrays.bias = pointer(params["weight_hh"]), pointer(params["bias_hh"])
        self._run(ctypes.byref(self._arrays), FORWARD)
        h = self._states[0]
        return h[1 : steps + 1], (h[steps], *(c[steps if len(c) > 1 else 0] for c in self._states[1:]))

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """See `Recurrence.backward`."""
        for index, mine in enumerate(self._dstates):
            mine[...] = 0 if dstate is None else dstate[index]
        self._arrays.dh = pointer(dh)
        self._run(ctypes.byref(self._arrays), BACKWARD)
        self._weight_gradients(grads)
        return self._z, tuple(self._dstates)

    def _weight_gradients(self, grads: Mapping[str, Any]) -> None:
        """Sum over all time steps at once. If a value is saved, the last block has its own dr, or reads another h."""
        dz, h = _rows(self._z), _rows(self._states[0][: len(self._z)])
        weight, bias = grads["weight_hh"], grads["bias_hh"]
        if self._saved is None:
            self._kernels.matmul(dz.T, h, weight)
            self._kernels.column_sums(dz, bias)
            return
        last = dz.shape[1] - h.shape[1]
        saved = _rows(self._saved[: len(self._z)])
        dlast, read = (dz[:, last:], saved) if self._cell.two_products else (saved, h)
        self._kernels.matmul(dz[:, :last].T, h, weight[:last])
        self._kernels.matmul(dlast.T, read, weight[last:])
        self._kernels.column_sums(dz[:, :last], bias[:last])
        self._kernels.column_sums(dlast, bias[last:])


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1])
