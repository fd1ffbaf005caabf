"""The vanilla recurrent network."""

from typing import Any

from charrnn.cells.protocol import Cell, Gradients, Parameters, State, TorchModule


class Tanh(Cell):
    """The simple recurrent network (Elman 1990), as in torch.nn.RNN.

    h' = tanh(z + r)
    """

    name = "tanh"
    aliases = ("rnn", "elman", "vanilla")
    blocks = ("new",)
    torch = TorchModule("RNN", {"nonlinearity": "tanh"})

    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        h = xp.tanh(z + r)
        return (h,), h

    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        h, (dh,) = saved, dstate
        da = dh * (1 - h * h)
        return Gradients(da, da, (xp.zeros_like(dh),))
