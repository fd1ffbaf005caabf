"""The gated recurrent unit that resets after the product."""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import Cell, Gradients, Parameters, State, TorchModule


class GRU(Cell):
    """The gated recurrent unit (Cho et al. 2014) with the reset after the product, as in torch.nn.GRU and cuDNN.

    reset, update = sigmoid of their blocks of z + r
    new = tanh(z_n + reset * r_n)           r_n = h W_n^T + b_n
    h' = new + update (h - new)

    All recurrent products of a time step are computed at once; `gru-before` is the form of the paper.
    """

    name = "gru"
    blocks = ("reset", "update", "new")
    apart = ("new",)
    saved = 1  # r_n
    gated = True
    torch = TorchModule("GRU")

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        (h0,) = state
        z_reset, z_update, z_new = xp.split(z, 3, axis=-1)
        r_reset, r_update, r_new = xp.split(r, 3, axis=-1)
        reset, update = sigmoid(xp, z_reset + r_reset), sigmoid(xp, z_update + r_update)
        new = xp.tanh(z_new + reset * r_new)
        return (new + update * (h0 - new),), (h0, reset, update, new, r_new)

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        h0, reset, update, new, r_new = saved
        (dh,) = dstate
        dnew = dh * (1 - update) * (1 - new * new)
        dupdate = dh * (h0 - new) * update * (1 - update)
        dreset = dnew * r_new * reset * (1 - reset)
        dz = xp.concatenate((dreset, dupdate, dnew), axis=-1)
        dr = xp.concatenate((dreset, dupdate, dnew * reset), axis=-1)
        return Gradients(dz, dr, (dh * update,))
