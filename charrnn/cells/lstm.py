"""Long short-term memory."""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import Cell, Gradients, Parameters, State, TorchModule


class LSTM(Cell):
    """The LSTM (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000), as in torch.nn.LSTM.

    i, f, o = sigmoid of their blocks of z + r      input, forget and output gate
    g       = tanh of its block                     the candidate
    c' = f c + i g                                  the cell state
    h' = o tanh(c')

    The forget gate starts with bias 1, so that the cell starts by remembering (Jozefowicz, Zaremba and Sutskever 2015).
    """

    name = "lstm"
    blocks = ("input", "forget", "candidate", "output")
    states = {"h": ("H",), "c": ("H",)}
    bias_start = {"forget": 1.0}
    gated = True
    torch = TorchModule("LSTM")

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        _, c0 = state
        i, f, g, o = xp.split(z + r, 4, axis=-1)
        i, f, g, o = sigmoid(xp, i), sigmoid(xp, f), xp.tanh(g), sigmoid(xp, o)
        c = f * c0 + i * g
        tanh_c = xp.tanh(c)
        return (o * tanh_c, c), (i, f, g, o, c0, tanh_c)

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        i, f, g, o, c0, tanh_c = saved
        dh, dc = dstate
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        di = dc * g * i * (1 - i)
        df = dc * c0 * f * (1 - f)
        dg = dc * i * (1 - g * g)
        do = dh * tanh_c * o * (1 - o)
        da = xp.concatenate((di, df, dg, do), axis=-1)
        return Gradients(da, da, (xp.zeros_like(dh), dc * f))
