"""The gated recurrent unit, in its two forms.

    reset, update = sigmoid of their blocks of z + r
    new = tanh(z_n + reset * (h W_n^T + b_n))        GRU: reset after the product, as torch and cuDNN
    new = tanh(z_n + (reset * h) W_n^T + b_n)        GRUBefore: reset before it (Cho et al. 2014)
    h' = new + update (h - new)

Blocks in torch's order: reset, update, new. Only the first form computes all recurrent products at once.
"""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import State


class GRU:
    """Reset after the product; its weights are torch.nn.GRU's."""

    blocks, states, start, added, gated, keeps = 3, ("h",), (0.0, 0.0, 0.0), 2, False, True

    def step(self, xp: Any, z: Any, r: Any, state: State) -> tuple[State, Any]:
        (h0,) = state
        z_reset, z_update, z_new = xp.split(z, 3, axis=-1)
        r_reset, r_update, r_new = xp.split(r, 3, axis=-1)
        reset, update = sigmoid(xp, z_reset + r_reset), sigmoid(xp, z_update + r_update)
        new = xp.tanh(z_new + reset * r_new)
        return (new + update * (h0 - new),), (h0, reset, update, new, r_new)

    def step_backward(self, xp: Any, saved: Any, dstate: State) -> tuple[Any, Any, State]:
        h0, reset, update, new, r_new = saved
        (dh,) = dstate
        dnew = dh * (1 - update) * (1 - new * new)
        dupdate = dh * (h0 - new) * update * (1 - update)
        dreset = dnew * r_new * reset * (1 - reset)
        dz = xp.concatenate((dreset, dupdate, dnew), axis=-1)
        dr = xp.concatenate((dreset, dupdate, dnew * reset), axis=-1)
        return dz, dr, (dh * update,)


class GRUBefore:
    """Reset before the product: the last block of r is made from `gate`, when the first two are known."""

    blocks, states, start, added, gated, keeps = 3, ("h",), (0.0, 0.0, 0.0), 3, True, True

    def gate(self, xp: Any, z: Any, r: Any, state: State) -> tuple[Any, Any]:
        """reset * h, and what `gate_backward` needs; z and r are the blocks reset and update."""
        (h0,) = state
        reset = sigmoid(xp, xp.split(z + r, 2, axis=-1)[0])
        return reset * h0, (h0, reset)

    def gate_backward(self, xp: Any, saved: Any, dgated: Any, dz: Any) -> tuple[Any, Any]:
        """dz with its block of reset, which `step_backward` left at zero, and what passes on to h."""
        h0, reset = saved
        dreset = dgated * h0 * reset * (1 - reset)
        _, dupdate, dnew = xp.split(dz, 3, axis=-1)
        return xp.concatenate((dreset, dupdate, dnew), axis=-1), dgated * reset

    def step(self, xp: Any, z: Any, r: Any, state: State) -> tuple[State, Any]:
        (h0,) = state
        _, update, new = xp.split(z + r, 3, axis=-1)
        update, new = sigmoid(xp, update), xp.tanh(new)
        return (new + update * (h0 - new),), (h0, update, new)

    def step_backward(self, xp: Any, saved: Any, dstate: State) -> tuple[Any, Any, State]:
        h0, update, new = saved
        (dh,) = dstate
        dnew = dh * (1 - update) * (1 - new * new)
        dupdate = dh * (h0 - new) * update * (1 - update)
        da = xp.concatenate((xp.zeros_like(dh), dupdate, dnew), axis=-1)
        return da, da, (dh * update,)
