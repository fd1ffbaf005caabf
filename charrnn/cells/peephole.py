"""Long short-term memory with peepholes."""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import Cell, Gradients, Parameter, Parameters, State


class Peephole(Cell):
    """An LSTM whose gates see the cell state through one weight per unit (Gers and Schmidhuber 2000).

    i  = sigmoid(its block of z + r + p_i c)        input gate
    f  = sigmoid(its block of z + r + p_f c)        forget gate
    g  = tanh(its block of z + r)                   the candidate
    c' = f c + i g                                  the cell state
    o  = sigmoid(its block of z + r + p_o c')       output gate: it sees the new c
    h' = o tanh(c')

    The forget gate starts with bias 1.
    """

    name = "peephole"
    blocks = ("input", "forget", "candidate", "output")
    states = {"h": ("H",), "c": ("H",)}
    bias_start = {"forget": 1.0}
    parameters = {name: Parameter(("H",)) for name in ("peephole_input", "peephole_forget", "peephole_output")}
    gated = True

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        _, c0 = state
        i, f, g, o = xp.split(z + r, 4, axis=-1)
        i = sigmoid(xp, i + p["peephole_input"] * c0)
        f = sigmoid(xp, f + p["peephole_forget"] * c0)
        g = xp.tanh(g)
        c = f * c0 + i * g
        o = sigmoid(xp, o + p["peephole_output"] * c)
        tanh_c = xp.tanh(c)
        return (o * tanh_c, c), (i, f, g, o, c0, c, tanh_c)

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        i, f, g, o, c0, c, tanh_c = saved
        dh, dc = dstate
        do = dh * tanh_c * o * (1 - o)
        dc = dc + dh * o * (1 - tanh_c * tanh_c) + do * p["peephole_output"]
        di = dc * g * i * (1 - i)
        df = dc * c0 * f * (1 - f)
        dg = dc * i * (1 - g * g)
        da = xp.concatenate((di, df, dg, do), axis=-1)
        dc0 = dc * f + di * p["peephole_input"] + df * p["peephole_forget"]
        peepholes = {
            "peephole_input": (di * c0).sum(axis=0),
            "peephole_forget": (df * c0).sum(axis=0),
            "peephole_output": (do * c).sum(axis=0),
        }
        return Gradients(da, da, (xp.zeros_like(dh), dc0), peepholes)
