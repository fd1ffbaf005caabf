"""The compiled sweeps as a `Recurrence`: the buffers of a layer, and two calls."""

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells import CELLS
from charrnn.cells.protocol import State
from charrnn.device.arrays import zeros
from charrnn.kernels.cpu.functions import COUNT, POINTER, STRIDE, pointer

FORWARD, BACKWARD = 0, 1
FUNCTIONS = {"lstm": "lstm", "gru": "gru", "gru-before": "gru_before", "tanh": "tanh_cell", "relu": "relu"}


class Arrays(ctypes.Structure):
    """The structure of the same name in sweep.h."""

    _fields_ = (
        [(name, COUNT) for name in ("steps", "batch", "hidden")]
        + [("tape", STRIDE)]
        + [(name, POINTER) for name in ("weight", "bias", "z", "h", "memory", "kept", "dh", "dh_state", "dmemory")]
    )


class CompiledSweep:
    """A recurrent layer whose time steps run inside one call; float32 only."""

    def __init__(
        self, kernels: Any, cell: str, hidden_size: int, seq_len: int, batch_size: int, training: bool
    ) -> None:
        self._kernels, self._cell = kernels, CELLS[cell]
        self._sweep = getattr(kernels.functions, FUNCTIONS[cell])
        shape, taped = (batch_size, hidden_size), seq_len if training else 0
        has_memory, keeps = len(self._cell.states) > 1, self._cell.keeps
        self._states = [zeros(np, (seq_len + 1, *shape), np.float32)]  # h; index 0 is the initial state
        if has_memory:
            self._states.append(zeros(np, (taped + 1, *shape), np.float32))
        self._kept = zeros(np, (max(taped, 1), *shape), np.float32) if keeps else None
        self._arrays = Arrays(batch=batch_size, hidden=hidden_size, tape=batch_size * hidden_size if training else 0)
        self._arrays.h = pointer(self._states[0])
        self._arrays.memory = pointer(self._states[1]) if has_memory else None
        self._arrays.kept = pointer(self._kept) if keeps else None
        if training:
            self._dstates = [zeros(np, shape, np.float32) for _ in self._cell.states]
            self._arrays.dh_state = pointer(self._dstates[0])
            self._arrays.dmemory = pointer(self._dstates[1]) if has_memory else None

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """See `Recurrence.forward`."""
        for mine, given in zip(self._states, state, strict=True):
            mine[0] = given
        self._z, steps = z, len(z)
        self._arrays.steps, self._arrays.z = steps, pointer(z)
        self._arrays.weight, self._arrays.bias = pointer(params["weight_hh"]), pointer(params["bias_hh"])
        self._sweep(ctypes.byref(self._arrays), FORWARD)
        h = self._states[0]
        return h[1 : steps + 1], (h[steps], *(memory[steps if len(memory) > 1 else 0] for memory in self._states[1:]))

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """See `Recurrence.backward`."""
        for index, mine in enumerate(self._dstates):
            mine[...] = 0 if dstate is None else dstate[index]
        self._arrays.dh = pointer(dh)
        self._sweep(ctypes.byref(self._arrays), BACKWARD)
        self._weight_gradients(grads)
        return self._z, tuple(self._dstates)

    def _weight_gradients(self, grads: Mapping[str, Any]) -> None:
        """Over all time steps at once. Of a GRU, the last block has its own dr, or its own gated h."""
        steps, hidden_size = len(self._z), self._arrays.hidden
        dz, h = _rows(self._z), _rows(self._states[0][:steps])
        weight, bias = grads["weight_hh"], grads["bias_hh"]
        if self._kept is None:
            self._kernels.matmul(dz.T, h, weight)
            self._kernels.column_sums(dz, bias)
            return
        last, kept = 2 * hidden_size, _rows(self._kept[:steps])
        dlast, read = (dz[:, last:], kept) if self._cell.gated else (kept, h)
        self._kernels.matmul(dz[:, :last].T, h, weight[:last])
        self._kernels.matmul(dlast.T, read, weight[last:])
        self._kernels.column_sums(dz[:, :last], bias[:last])
        self._kernels.column_sums(dlast, bias[last:])


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1])
