"""A recurrence in NumPy: every buffer is allocated in advance, and every operation is in place.

A forward pass overwrites z with the activated gates, and the backward pass overwrites these with dz, so a layer's tape
is hardly larger than z and h. Each time step has one matrix product and a dozen operations on arrays that fit in the
cache; the gradient of the weights is one product over all time steps at the end.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells.protocol import Cell, State
from charrnn.kernels.numpy.arithmetic import rows


class TimeLoop:
    """Buffers and matrix products; a subclass adds its cell's pointwise lines in `activate` and `differentiate`."""

    def __init__(self, cell: Cell, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool) -> None:
        self.hidden_size = hidden_size
        self.training = training
        self._shape = (batch_size, hidden_size)
        self._seq_len = seq_len
        self._dtype = dtype
        self.h = np.zeros((seq_len + 1, batch_size, hidden_size), dtype)  # index 0 is the initial state
        self.r = np.empty((batch_size, cell.gates(hidden_size)), dtype)
        self.scratch = np.empty((batch_size, hidden_size), dtype)
        if training:
            self.dh = np.empty((batch_size, hidden_size), dtype)
            self.slope = np.empty_like(self.r)

    def tape(self, more: int = 0) -> list[np.ndarray]:
        """A (B, H) array for each time step; without training all of them are the same array."""
        if self.training:
            return list(np.empty((self._seq_len + more, *self._shape), self._dtype))
        return [np.empty(self._shape, self._dtype)] * (self._seq_len + more)

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """See `Recurrence.forward`."""
        self.z, steps = z, len(z)
        self.load(state)
        for t in range(steps):
            self.step(params, t)
        return self.h[1 : steps + 1], self.state(steps)

    def load(self, state: State) -> None:
        """Take over the initial state."""
        self.h[0] = state[0]

    def state(self, t: int) -> State:
        """The state after t time steps."""
        return (self.h[t],)

    def step(self, params: Mapping[str, Any], t: int) -> None:
        """Run one time step forward."""
        np.matmul(self.h[t], params["weight_hh"].T, out=self.r)
        self.r += params["bias_hh"]
        self.activate(t)

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """See `Recurrence.backward`."""
        self.load_gradient(dstate)
        for t in reversed(range(len(self.z))):
            self.dh += dh[t]
            self.step_backward(params, t)
        self.weight_gradients(grads)
        return self.z, self.state_gradient()

    def load_gradient(self, dstate: State | None) -> None:
        """Take over the gradient of the last state; None is zero."""
        self.dh[...] = 0 if dstate is None else dstate[0]

    def state_gradient(self) -> State:
        """The current gradient of the state in the backward pass."""
        return (self.dh,)

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        """Run one time step backward: compute dz and dr of step t, and dh of the step before."""
        self.differentiate(t)
        np.matmul(self.dr(t), params["weight_hh"], out=self.dh)

    def dr(self, t: Any) -> np.ndarray:
        """The gradient of the recurrent product, which for most cells is dz."""
        return self.z[t]

    def weight_gradients(self, grads: Mapping[str, Any]) -> None:
        """Write the gradients of weight_hh and bias_hh, over all time steps at once."""
        steps = len(self.z)
        dr, h = rows(self.dr(slice(steps))), rows(self.h[:steps])
        np.matmul(dr.T, h, out=grads["weight_hh"])
        dr.sum(axis=0, out=grads["bias_hh"])

    def activate(self, t: int) -> None:
        """Compute h[t + 1] from z[t] and r; z[t] becomes what `differentiate` needs."""
        raise NotImplementedError

    def differentiate(self, t: int) -> None:
        """Compute dz into z[t].

        dh, the gradient of h[t + 1], becomes the part of the gradient of h[t] that does not pass through r.
        """
        raise NotImplementedError


class CellStateLoop(TimeLoop):
    """A time loop whose state is (h, c), where h = o tanh(c) with an output gate o."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.c = self.tape(more=1)
        self.tanh_c = self.tape()
        if self.training:
            self.dc = np.empty(self._shape, self._dtype)

    def load(self, state: State) -> None:
        super().load(state)
        self.c[0][...] = state[1]

    def state(self, t: int) -> State:
        return self.h[t], self.c[t]

    def load_gradient(self, dstate: State | None) -> None:
        super().load_gradient(dstate)
        self.dc[...] = 0 if dstate is None else dstate[1]

    def state_gradient(self) -> State:
        return self.dh, self.dc

    def output(self, t: int, o: np.ndarray) -> None:
        """Compute tanh_c[t] and h[t + 1] from c[t + 1] and the activated gate `o` (B, H)."""
        np.tanh(self.c[t + 1], out=self.tanh_c[t])
        np.multiply(o, self.tanh_c[t], out=self.h[t + 1])

    def differentiate_output(self, t: int, o: np.ndarray) -> None:
        """Add to dc what comes from dh through h[t + 1] = `o` tanh(c[t + 1]); overwrites scratch."""
        np.multiply(self.tanh_c[t], self.tanh_c[t], out=self.scratch)
        np.subtract(1, self.scratch, out=self.scratch)
        self.scratch *= o
        self.scratch *= self.dh
        self.dc += self.scratch
