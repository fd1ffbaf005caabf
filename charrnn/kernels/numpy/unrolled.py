"""The NumPy implementation of the recurrences: every buffer made beforehand, every operation in place.

A sweep overwrites z with the activated gates on the way forward, and these with dz on the way back, so a layer's tape
is hardly larger than z and h. Per time step there is one matrix product and a dozen operations on arrays that lie in
the cache; the gradient of the weights is one product over all time steps at the end.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells import CELLS
from charrnn.cells.protocol import Cell, Recurrence, State
from charrnn.kernels.reference import ReferenceKernels


class Sweep:
    """Buffers and matrix products; a subclass adds its cell's pointwise lines in `activate` and `differentiate`."""

    def __init__(self, cell: Cell, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool) -> None:
        self.hidden_size, self.training = hidden_size, training
        self._shape, self._seq_len, self._dtype = (batch_size, hidden_size), seq_len, dtype
        self.h = np.zeros((seq_len + 1, batch_size, hidden_size), dtype)  # index 0 is the initial state
        self.r = np.empty((batch_size, cell.blocks * hidden_size), dtype)
        self.scratch = np.empty((batch_size, hidden_size), dtype)
        if training:
            self.dh = np.empty((batch_size, hidden_size), dtype)
            self.slope = np.empty_like(self.r)

    def tape(self, more: int = 0) -> list[np.ndarray]:
        """A (B, H) array for each time step; without training they are all the same one."""
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
        """One time step forward."""
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
        """The gradient of the state as the backward sweep has it now."""
        return (self.dh,)

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        """One time step back: dz and dr of step t, and dh of the step before."""
        self.differentiate(t)
        np.matmul(self.dr(t), params["weight_hh"], out=self.dh)

    def dr(self, t: Any) -> np.ndarray:
        """The gradient of the recurrent product; of most cells it is dz."""
        return self.z[t]

    def weight_gradients(self, grads: Mapping[str, Any]) -> None:
        """Over all time steps at once."""
        steps = len(self.z)
        dr, h = _rows(self.dr(slice(steps))), _rows(self.h[:steps])
        np.matmul(dr.T, h, out=grads["weight_hh"])
        dr.sum(axis=0, out=grads["bias_hh"])

    def activate(self, t: int) -> None:
        """h[t + 1] from z[t] and r; z[t] becomes whatever `differentiate` wants to see."""
        raise NotImplementedError

    def differentiate(self, t: int) -> None:
        """z[t] becomes dz; dh is the gradient of h[t + 1] and becomes its part that does not pass through r."""
        raise NotImplementedError


class TanhSweep(Sweep):
    """h' = tanh(z + r)."""

    def activate(self, t: int) -> None:
        z, h = self.z[t], self.h[t + 1]
        np.add(z, self.r, out=z)
        np.tanh(z, out=h)

    def differentiate(self, t: int) -> None:
        z, h = self.z[t], self.h[t + 1]
        np.multiply(h, h, out=z)
        np.subtract(1, z, out=z)
        z *= self.dh


class ReLUSweep(Sweep):
    """h' = max(z + r, 0)."""

    def activate(self, t: int) -> None:
        z, h = self.z[t], self.h[t + 1]
        np.add(z, self.r, out=z)
        np.maximum(z, 0, out=h)

    def differentiate(self, t: int) -> None:
        np.multiply(self.dh, self.h[t + 1] > 0, out=self.z[t])


class LSTMSweep(Sweep):
    """Gates i f g o. sigmoid(a) = tanh(a / 2) / 2 + 1 / 2, so one tanh serves all four blocks."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.c, self.tanh_c = self.tape(more=1), self.tape()
        blocks = np.array([0.5, 0.5, 1, 0.5], self._dtype)
        self.scale, self.shift = np.repeat(blocks, self.hidden_size), np.repeat(1 - blocks, self.hidden_size)
        if self.training:
            self.dc = np.empty(self._shape, self._dtype)

    def load(self, state: State) -> None:
        super().load(state)
        self.c[0][...] = state[1]

    def state(self, t: int) -> State:
        return self.h[t], self.c[t]

    def activate(self, t: int) -> None:
        gates, c, tanh_c = self.z[t], self.c[t + 1], self.tanh_c[t]
        gates += self.r
        gates *= self.scale
        np.tanh(gates, out=gates)
        gates *= self.scale
        gates += self.shift
        i, f, g, o = _blocks(gates, 4)
        np.multiply(f, self.c[t], out=c)
        np.multiply(i, g, out=self.scratch)
        c += self.scratch
        np.tanh(c, out=tanh_c)
        np.multiply(o, tanh_c, out=self.h[t + 1])

    def load_gradient(self, dstate: State | None) -> None:
        super().load_gradient(dstate)
        self.dc[...] = 0 if dstate is None else dstate[1]

    def state_gradient(self) -> State:
        return self.dh, self.dc

    def differentiate(self, t: int) -> None:
        gates, slope, tanh_c, dh, dc = self.z[t], self.slope, self.tanh_c[t], self.dh, self.dc
        i, f, g, o = _blocks(gates, 4)
        np.multiply(tanh_c, tanh_c, out=self.scratch)
        np.subtract(1, self.scratch, out=self.scratch)
        self.scratch *= o
        self.scratch *= dh
        dc += self.scratch
        np.multiply(gates, gates, out=slope)  # s (1 - s) = s - s^2 of the sigmoids, 1 - g^2 of the tanh
        slope_i, slope_f, slope_g, slope_o = _blocks(slope, 4)
        half = 2 * self.hidden_size
        np.subtract(gates[:, :half], slope[:, :half], out=slope[:, :half])
        np.subtract(1, slope_g, out=slope_g)
        np.subtract(o, slope_o, out=slope_o)
        slope_i *= g
        slope_f *= self.c[t]
        slope_g *= i
        slope_o *= tanh_c
        np.multiply(dc, f, out=self.scratch)  # before f makes room for its gradient
        for block, slope_block in ((i, slope_i), (f, slope_f), (g, slope_g)):
            np.multiply(slope_block, dc, out=block)
        np.multiply(slope_o, dh, out=o)
        dc[...] = self.scratch


class GRUSweep(Sweep):
    """Gates reset, update, new; reset after the product, so dr differs from dz in the last block."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.r_new = self.tape()
        if self.training:
            self._dr = np.empty((self._seq_len, *self.r.shape), self._dtype)

    def activate(self, t: int) -> None:
        z, r, h0, h, last = self.z[t], self.r, self.h[t], self.h[t + 1], 2 * self.hidden_size
        z[:, :last] += r[:, :last]
        _sigmoid(z[:, :last])
        reset, update, new = _blocks(z, 3)
        self.r_new[t][...] = r[:, last:]
        np.multiply(reset, self.r_new[t], out=self.scratch)
        new += self.scratch
        np.tanh(new, out=new)
        _interpolate(new, update, h0, out=h)

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        self.differentiate(t)
        through_r = np.matmul(self.dr(t), params["weight_hh"], out=self.scratch)
        self.dh += through_r

    def differentiate(self, t: int) -> None:
        z, dr, dh, last = self.z[t], self._dr[t], self.dh, 2 * self.hidden_size
        reset, update, new = _blocks(z, 3)
        dreset, _, dnew = _blocks(dr, 3)
        keep = _update_gradient(update, new, self.h[t], dh, self.slope, self.scratch)
        np.multiply(new, self.r_new[t], out=dreset)
        dreset *= reset
        np.multiply(new, reset, out=dnew)
        np.subtract(1, reset, out=reset)
        reset *= dreset
        dr[:, :last] = z[:, :last]
        dh[...] = keep

    def dr(self, t: Any) -> np.ndarray:
        return self._dr[t]


class GRUBeforeSweep(Sweep):
    """Gates reset, update, new; the last product reads reset * h, so each time step has two."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        steps = self._seq_len if self.training else 1
        self.gated = np.empty((steps, *self._shape), self._dtype)

    def step(self, params: Mapping[str, Any], t: int) -> None:
        weight, last, h0 = params["weight_hh"], 2 * self.hidden_size, self.h[t]
        z, gated = self.z[t], self.gated[t if self.training else 0]
        reset, update, new = _blocks(z, 3)
        z += params["bias_hh"]
        z[:, :last] += np.matmul(h0, weight[:last].T, out=self.r[:, :last])
        _sigmoid(z[:, :last])
        np.multiply(reset, h0, out=gated)
        new += np.matmul(gated, weight[last:].T, out=self.r[:, last:])
        np.tanh(new, out=new)
        _interpolate(new, update, h0, out=self.h[t + 1])

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        weight, last, h0, dh, z = params["weight_hh"], 2 * self.hidden_size, self.h[t], self.dh, self.z[t]
        reset, update, new = _blocks(z, 3)
        keep = _update_gradient(update, new, h0, dh, self.slope, self.scratch)
        dgated = np.matmul(new, weight[last:], out=self.scratch)
        np.multiply(dgated, reset, out=dh)
        dh += keep
        dgated *= h0
        dgated *= reset
        np.subtract(1, reset, out=reset)
        reset *= dgated
        dh += np.matmul(z[:, :last], weight[:last], out=self.scratch)

    def weight_gradients(self, grads: Mapping[str, Any]) -> None:
        steps, last, weight = len(self.z), 2 * self.hidden_size, grads["weight_hh"]
        dr = _rows(self.z)
        np.matmul(dr[:, :last].T, _rows(self.h[:steps]), out=weight[:last])
        np.matmul(dr[:, last:].T, _rows(self.gated[:steps]), out=weight[last:])
        dr.sum(axis=0, out=grads["bias_hh"])


def _update_gradient(update: Any, new: Any, h0: Any, dh: Any, slope: Any, scratch: Any) -> np.ndarray:
    """Of h' = new + update (h0 - new): `update` and `new` become the gradients of their pre-activations.

    Returns dh * update, what passes straight on to h0, in a block of `slope`.
    """
    keep, pass_new, difference = _blocks(slope, 3)
    np.multiply(dh, update, out=keep)
    np.subtract(dh, keep, out=pass_new)  # dh (1 - update)
    np.subtract(h0, new, out=difference)
    np.multiply(pass_new, update, out=scratch)
    np.multiply(scratch, difference, out=update)
    np.multiply(new, new, out=scratch)
    np.subtract(1, scratch, out=scratch)
    np.multiply(pass_new, scratch, out=new)
    return keep


def _interpolate(new: Any, update: Any, h0: Any, out: Any) -> None:
    np.subtract(h0, new, out=out)
    out *= update
    out += new


def _sigmoid(a: np.ndarray) -> None:
    a *= 0.5
    np.tanh(a, out=a)
    a *= 0.5
    a += 0.5


def _blocks(a: np.ndarray, count: int) -> list[np.ndarray]:
    size = a.shape[-1] // count
    return [a[..., k * size : (k + 1) * size] for k in range(count)]


def _rows(a: np.ndarray) -> np.ndarray:
    return a.reshape(-1, a.shape[-1])


SWEEPS: dict[str, type[Sweep]] = {
    "lstm": LSTMSweep,
    "gru": GRUSweep,
    "gru-before": GRUBeforeSweep,
    "tanh": TanhSweep,
    "relu": ReLUSweep,
}


class FusedKernels(ReferenceKernels):
    """NumPy with preallocated, in-place sweeps."""

    name = "numpy"

    def __init__(self) -> None:
        super().__init__(np)

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """See `ReferenceKernels.recurrence`."""
        return SWEEPS[cell](CELLS[cell], hidden_size, seq_len, batch_size, dtype, training)

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        """See `ReferenceKernels.gather`."""
        np.take(table, ids, axis=0, out=out, mode="clip")  # mode "raise" would go through a copy of `out`

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """See `ReferenceKernels.scatter_add`; sorted by id, so that the cost does not grow with the vocabulary.

        np.add.reduceat over the sorted rows reads the same, and is five times slower than these sums.
        """
        order = np.argsort(ids, kind="stable")
        rows = rows[order]
        present, starts = np.unique(ids[order], return_index=True)
        out[...] = 0
        for symbol, start, stop in zip(present, starts, [*starts[1:], len(ids)], strict=True):
            rows[start:stop].sum(axis=0, out=out[symbol])
