"""The gated recurrent unit that resets before the product."""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import Cell, Gradients, Parameters, State


class GRUBefore(Cell):
    """The gated recurrent unit of Cho et al. 2014: the reset comes before the product.

    reset, update = sigmoid of their blocks of z + r
    new = tanh(z_n + (reset * h) W_n^T + b_n)
    h' = new + update (h - new)

    The last product waits for the first two, so a time step has two products.
    """

    name = "gru-before"
    blocks = ("reset", "update", "new")
    reads_gate = ("new",)
    saved = 1  # reset * h
    gated = True

    def gate(self, xp: Any, z: Any, r: Any, state: State) -> tuple[Any, Any]:
        (h0,) = state
        reset = sigmoid(xp, xp.split(z + r, 2, axis=-1)[0])
        return reset * h0, (h0, reset)

    def gate_backward(self, xp: Any, saved: Any, dgate: Any, dz: Any) -> tuple[Any, Any]:
        h0, reset = saved
        dreset = dgate * h0 * reset * (1 - reset)
        _, dupdate, dnew = xp.split(dz, 3, axis=-1)
        return xp.concatenate((dreset, dupdate, dnew), axis=-1), dgate * reset

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        (h0,) = state
        _, update, new = xp.split(z + r, 3, axis=-1)
        update, new = sigmoid(xp, update), xp.tanh(new)
        return (new + update * (h0 - new),), (h0, update, new)

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        h0, update, new = saved
        (dh,) = dstate
        dnew = dh * (1 - update) * (1 - new * new)
        dupdate = dh * (h0 - new) * update * (1 - update)
        da = xp.concatenate((xp.zeros_like(dh), dupdate, dnew), axis=-1)
        return Gradients(da, da, (dh * update,))
