"""The update gate RNN."""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import Cell, Gradients, Parameters, State


class UGRNN(Cell):
    """The update gate RNN (Collins, Sohl-Dickstein and Sussillo 2017): a GRU without a reset gate.

    update = sigmoid of its block of z + r
    new    = tanh of its block
    h'     = new + update (h - new)

    It has half of an LSTM's recurrent weights. The update gate starts with bias 1, so that the cell starts by
    remembering.
    """

    name = "ugrnn"
    blocks = ("update", "new")
    bias_start = {"update": 1.0}
    gated = True

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        (h0,) = state
        update, new = xp.split(z + r, 2, axis=-1)
        update, new = sigmoid(xp, update), xp.tanh(new)
        return (new + update * (h0 - new),), (h0, update, new)

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        h0, update, new = saved
        (dh,) = dstate
        dupdate = dh * (h0 - new) * update * (1 - update)
        dnew = dh * (1 - update) * (1 - new * new)
        da = xp.concatenate((dupdate, dnew), axis=-1)
        return Gradients(da, da, (dh * update,))
