"""Long short-term memory with coupled input and forget gates."""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import Cell, Gradients, Parameters, State


class CIFG(Cell):
    """An LSTM whose input gate is one minus its forget gate (Greff et al. 2017, the variant CIFG).

    f, o = sigmoid of their blocks of z + r         forget and output gate
    g    = tanh of its block                        the candidate
    c'   = f c + (1 - f) g                          the cell state
    h'   = o tanh(c')

    It has three quarters of an LSTM's recurrent weights. The forget gate starts with bias 1.
    """

    name = "cifg"
    blocks = ("forget", "candidate", "output")
    states = {"h": ("H",), "c": ("H",)}
    bias_start = {"forget": 1.0}
    gated = True

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        _, c0 = state
        f, g, o = xp.split(z + r, 3, axis=-1)
        f, g, o = sigmoid(xp, f), xp.tanh(g), sigmoid(xp, o)
        c = g + f * (c0 - g)
        tanh_c = xp.tanh(c)
        return (o * tanh_c, c), (f, g, o, c0, tanh_c)

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        f, g, o, c0, tanh_c = saved
        dh, dc = dstate
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        df = dc * (c0 - g) * f * (1 - f)
        dg = dc * (1 - f) * (1 - g * g)
        do = dh * tanh_c * o * (1 - o)
        da = xp.concatenate((df, dg, do), axis=-1)
        return Gradients(da, da, (xp.zeros_like(dh), dc * f))
