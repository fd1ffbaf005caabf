"""Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000).

    i, f, o = sigmoid of their blocks of z + r      input, forget and output gate
    g       = tanh of its block                     what may be written
    c' = f c + i g                                  the memory
    h' = o tanh(c')

Blocks in torch's order: i f g o. The forget gate starts with bias 1, so that it starts by remembering
(Jozefowicz, Zaremba and Sutskever 2015).
"""

from typing import Any

from charrnn.cells.activations import sigmoid
from charrnn.cells.protocol import State


class LSTM:
    """Four blocks, two states."""

    blocks, states, start, added, gated, keeps = 4, ("h", "c"), (0.0, 1.0, 0.0, 0.0), 4, False, False

    def step(self, xp: Any, z: Any, r: Any, state: State) -> tuple[State, Any]:
        _, c0 = state
        i, f, g, o = xp.split(z + r, 4, axis=-1)
        i, f, g, o = sigmoid(xp, i), sigmoid(xp, f), xp.tanh(g), sigmoid(xp, o)
        c = f * c0 + i * g
        tanh_c = xp.tanh(c)
        return (o * tanh_c, c), (i, f, g, o, c0, tanh_c)

    def step_backward(self, xp: Any, saved: Any, dstate: State) -> tuple[Any, Any, State]:
        i, f, g, o, c0, tanh_c = saved
        dh, dc = dstate
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        di = dc * g * i * (1 - i)
        df = dc * c0 * f * (1 - f)
        dg = dc * i * (1 - g * g)
        do = dh * tanh_c * o * (1 - o)
        da = xp.concatenate((di, df, dg, do), axis=-1)
        return da, da, (xp.zeros_like(dh), dc * f)
