"""The vanilla recurrent network.

h' = f(z + r)        f = tanh (Elman 1990) or the rectifier (Le, Jaitly and Hinton 2015)
"""

from typing import Any

from charrnn.cells.protocol import State


class Tanh:
    """h' = tanh(z + r), as torch.nn.RNN."""

    blocks, states, start, added, gated, keeps = 1, ("h",), (0.0,), 1, False, False

    def step(self, xp: Any, z: Any, r: Any, state: State) -> tuple[State, Any]:
        h = xp.tanh(z + r)
        return (h,), h

    def step_backward(self, xp: Any, saved: Any, dstate: State) -> tuple[Any, Any, State]:
        h, (dh,) = saved, dstate
        da = dh * (1 - h * h)
        return da, da, (xp.zeros_like(dh),)


class ReLU:
    """h' = max(z + r, 0), as torch.nn.RNN with nonlinearity="relu"; nothing bounds h, so clip the gradients."""

    blocks, states, start, added, gated, keeps = 1, ("h",), (0.0,), 1, False, False

    def step(self, xp: Any, z: Any, r: Any, state: State) -> tuple[State, Any]:
        h = xp.maximum(z + r, 0)
        return (h,), h

    def step_backward(self, xp: Any, saved: Any, dstate: State) -> tuple[Any, Any, State]:
        h, (dh,) = saved, dstate
        da = dh * (h > 0)
        return da, da, (xp.zeros_like(dh),)
