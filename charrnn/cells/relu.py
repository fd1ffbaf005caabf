"""The vanilla recurrent network with a rectifier."""

from typing import Any

from charrnn.cells.protocol import Cell, Gradients, Parameters, State, TorchModule


class ReLU(Cell):
    """The simple recurrent network with a rectifier (Le, Jaitly and Hinton 2015), as in torch.nn.RNN.

    h' = max(z + r, 0)

    Nothing bounds h: clip the gradients.
    """

    name = "relu"
    blocks = ("new",)
    bounded = False
    torch = TorchModule("RNN", {"nonlinearity": "relu"})

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        h = xp.maximum(z + r, 0)
        return (h,), h

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        h, (dh,) = saved, dstate
        da = dh * (h > 0)
        return Gradients(da, da, (xp.zeros_like(dh),))
