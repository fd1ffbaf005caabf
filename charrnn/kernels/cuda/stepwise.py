"""The recurrences on a GPU, one time step at a time: a matrix product and a pointwise kernel.

All buffers are allocated in advance, and launches do not depend on any value, so the host runs ahead of the device. z
becomes the gates in the forward pass and dz in the backward pass, so the tape is hardly more than z and h. The
gradients of the weights are products over all time steps at the end.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells.protocol import Cell, State
from charrnn.kernels.cuda.program import source

THREADS = 256


class GpuRecurrence:
    """The buffers and the order of the time steps; a subclass adds the launches."""

    def __init__(
        self, kernels: Any, cell: Cell, hidden_size: int, seq_len: int, batch_size: int, training: bool
    ) -> None:
        self.xp = kernels.xp
        self.hidden_size = hidden_size
        self._kernels = kernels
        self.multiply = kernels.multiply
        self._shape = (batch_size, hidden_size)
        self._recorded = seq_len if training else 0
        count = batch_size * hidden_size
        self._grid = (-(-count // THREADS),)
        self._sizes = (np.int32(count), np.int32(hidden_size))
        self._tape = np.int32(count if training else 0)
        self._times = [np.int32(t) for t in range(seq_len)]
        self.h = self.xp.zeros((seq_len + 1, *self._shape), np.float32)  # index 0 is the initial state
        self.outputs = [self.h[t] for t in range(seq_len + 1)]
        # Arrays that a cell does not have are never used; h stands in for them, because a kernel needs an address.
        self.c = self.xp.zeros((self._recorded + 1, *self._shape), np.float32) if len(cell.states) > 1 else self.h
        self.saved = self.steps(1) if cell.saved else self.h
        self._states = [self.h, self.c][: len(cell.states)]
        if training:
            self._dproduct, self._carried, self._dc = self.xp.zeros((3, *self._shape), np.float32)

    def steps(self, blocks: int) -> Any:
        """A (B, blocks * H) array for each time step that is recorded, and at least one."""
        batch_size, hidden_size = self._shape
        return self.xp.empty((max(self._recorded, 1), batch_size, blocks * hidden_size), np.float32)

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """See `Recurrence.forward`."""
        self._z, steps = z, len(z)
        for mine, given in zip(self._states, state, strict=True):
            mine[0] = given
        self.run_forward(params["weight_hh"], params["bias_hh"], z)
        last = (self.h[steps], *(c[min(steps, self._recorded)] for c in self._states[1:]))
        return self.h[1 : steps + 1], last

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """See `Recurrence.backward`."""
        self._carried[...] = 0
        dstates = (self._dproduct, self._dc)[: len(self._states)]
        for index, mine in enumerate(dstates):
            mine[...] = 0 if dstate is None else dstate[index]
        self.run_backward(params["weight_hh"], self._z, dh)
        self._dproduct += self._carried
        self.weight_gradients(grads["weight_hh"], grads["bias_hh"], self._z)
        return self._z, dstates

    def launch(self, kernel: Any, t: int, *arguments: Any) -> None:
        """Launch time step t with a thread for each unit of each row; every kernel takes t, B * H and H first."""
        kernel(self._grid, (THREADS,), (self._times[t], *self._sizes, *arguments))

    def weight_gradient(self, dr: Any, read: Any, weight: Any, bias: Any) -> None:
        """Write the gradients of the weights that computed r from `read`, over all time steps at once."""
        rows = dr.reshape(-1, dr.shape[-1])
        self._kernels.matmul(rows.T, read.reshape(len(rows), -1), weight)
        self._kernels.column_sums(rows, bias)

    def run_forward(self, weight: Any, bias: Any, z: Any) -> None:
        """Run all time steps forward."""
        raise NotImplementedError

    def run_backward(self, weight: Any, z: Any, dh: Any) -> None:
        """Run all time steps backward: z becomes dz, and the gradients of the last state become those of the first."""
        raise NotImplementedError

    def weight_gradients(self, weight: Any, bias: Any, z: Any) -> None:
        """Write the gradients of weight_hh and bias_hh."""
        raise NotImplementedError


class OneProduct(GpuRecurrence):
    """Any cell whose recurrent products of a time step can all be computed at once."""

    def __init__(
        self, kernels: Any, cell: Cell, hidden_size: int, seq_len: int, batch_size: int, training: bool
    ) -> None:
        super().__init__(kernels, cell, hidden_size, seq_len, batch_size, training)
        self._dr = self.steps(len(cell.blocks)) if training and cell.saved else None  # else it is dz

    def weight_gradients(self, weight: Any, bias: Any, z: Any) -> None:
        dr = z if self._dr is None else self._dr[: len(z)]
        self.weight_gradient(dr, self.h[: len(z)], weight, bias)


class OneProductStepwise(OneProduct):
    """A product of cuBLAS and a launch for each time step."""

    def __init__(
        self, kernels: Any, cell: Cell, hidden_size: int, seq_len: int, batch_size: int, training: bool
    ) -> None:
        super().__init__(kernels, cell, hidden_size, seq_len, batch_size, training)
        module = kernels.compile(source("step.cu", cell=cell))
        self._forward, self._backward = module.get_function("forward"), module.get_function("backward")
        self._product = self.xp.empty((batch_size, cell.gates(hidden_size)), np.float32)

    def run_forward(self, weight: Any, bias: Any, z: Any) -> None:
        transposed, arrays = weight.T, (self._product, bias, z, self.h, self.c, self.saved)
        for t in range(len(z)):
            self.multiply(self.outputs[t], transposed, self._product)
            self.launch(self._forward, t, self._tape, *arrays)

    def run_backward(self, weight: Any, z: Any, dh: Any) -> None:
        dr = z if self._dr is None else self._dr
        arrays = (z, self.h, self.c, self.saved, dh, self._dproduct, self._carried, self._dc, dr)
        for t in reversed(range(len(z))):
            self.launch(self._backward, t, *arrays)
            self.multiply(dr[t], weight, self._dproduct)


class TwoProductsStepwise(GpuRecurrence):
    """A cell whose last block's product reads the output of its gate: a step has two products and two launches."""

    def __init__(
        self, kernels: Any, cell: Cell, hidden_size: int, seq_len: int, batch_size: int, training: bool
    ) -> None:
        super().__init__(kernels, cell, hidden_size, seq_len, batch_size, training)
        module = kernels.compile(source("two_products.cu", cell=cell))
        names = ("gate", "step", "step_backward", "gate_backward")
        self._gate, self._step, self._step_backward, self._gate_backward = map(module.get_function, names)
        self._gates_product = self.xp.empty((batch_size, 2 * hidden_size), np.float32)
        self._last_product = self.xp.empty(self._shape, np.float32)
        if training:
            self._dgates, self._dlast, self._dgate = self.steps(2), self.steps(1), self._last_product

    def run_forward(self, weight: Any, bias: Any, z: Any) -> None:
        gates, last = (part.T for part in self._split(weight))
        for t in range(len(z)):
            self.multiply(self.outputs[t], gates, self._gates_product)
            self.launch(self._gate, t, self._tape, self._gates_product, bias, z, self.h, self.saved)
            self.multiply(self.saved[min(t, len(self.saved) - 1)], last, self._last_product)
            self.launch(self._step, t, self._last_product, bias, z, self.h)

    def run_backward(self, weight: Any, z: Any, dh: Any) -> None:
        gates, last = self._split(weight)
        for t in reversed(range(len(z))):
            self.launch(self._step_backward, t, z, self.h, dh, self._dproduct, self._carried, self._dlast)
            self.multiply(self._dlast[t], last, self._dgate)
            self.launch(self._gate_backward, t, z, self.h, self._dgate, self._carried, self._dgates)
            self.multiply(self._dgates[t], gates, self._dproduct)

    def weight_gradients(self, weight: Any, bias: Any, z: Any) -> None:
        steps, (gates, last), (gates_bias, last_bias) = len(z), self._split(weight), self._split(bias)
        self.weight_gradient(self._dgates[:steps], self.h[:steps], gates, gates_bias)
        self.weight_gradient(self._dlast[:steps], self.saved[:steps], last, last_bias)

    def _split(self, array: Any) -> tuple[Any, Any]:
        return array[: 2 * self.hidden_size], array[2 * self.hidden_size :]
