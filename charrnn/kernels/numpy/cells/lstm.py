"""The time loop of the LSTM."""

from typing import Any

import numpy as np

from charrnn.cells.protocol import State
from charrnn.kernels.numpy.arithmetic import blocks
from charrnn.kernels.numpy.time_loop import TimeLoop


class LSTM(TimeLoop):
    """Blocks i f g o. sigmoid(a) = tanh(a / 2) / 2 + 1 / 2, so one tanh serves all four."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.c = self.tape(more=1)
        self.tanh_c = self.tape()
        scale = np.array([0.5, 0.5, 1, 0.5], self._dtype)
        self.scale = np.repeat(scale, self.hidden_size)
        self.shift = np.repeat(1 - scale, self.hidden_size)
        if self.training:
            self.dc = np.empty(self._shape, self._dtype)

    def load(self, state: State) -> None:
        super().load(state)
        self.c[0][...] = state[1]

    def state(self, t: int) -> State:
        return self.h[t], self.c[t]

    def activate(self, t: int) -> None:
        gates, c, tanh_c = self.z[t], self.c[t + 1], self.tanh_c[t]
        gates += self.r
        gates *= self.scale
        np.tanh(gates, out=gates)
        gates *= self.scale
        gates += self.shift
        i, f, g, o = blocks(gates, 4)
        np.multiply(f, self.c[t], out=c)
        np.multiply(i, g, out=self.scratch)
        c += self.scratch
        np.tanh(c, out=tanh_c)
        np.multiply(o, tanh_c, out=self.h[t + 1])

    def load_gradient(self, dstate: State | None) -> None:
        super().load_gradient(dstate)
        self.dc[...] = 0 if dstate is None else dstate[1]

    def state_gradient(self) -> State:
        return self.dh, self.dc

    def differentiate(self, t: int) -> None:
        gates, slope, tanh_c, dh, dc = self.z[t], self.slope, self.tanh_c[t], self.dh, self.dc
        i, f, g, o = blocks(gates, 4)
        np.multiply(tanh_c, tanh_c, out=self.scratch)
        np.subtract(1, self.scratch, out=self.scratch)
        self.scratch *= o
        self.scratch *= dh
        dc += self.scratch
        np.multiply(gates, gates, out=slope)  # s (1 - s) = s - s^2 of the sigmoids, 1 - g^2 of the tanh
        slope_i, slope_f, slope_g, slope_o = blocks(slope, 4)
        half = 2 * self.hidden_size
        np.subtract(gates[:, :half], slope[:, :half], out=slope[:, :half])
        np.subtract(1, slope_g, out=slope_g)
        np.subtract(o, slope_o, out=slope_o)
        slope_i *= g
        slope_f *= self.c[t]
        slope_g *= i
        slope_o *= tanh_c
        np.multiply(dc, f, out=self.scratch)  # before f makes room for its gradient
        for block, slope_block in ((i, slope_i), (f, slope_f), (g, slope_g)):
            np.multiply(slope_block, dc, out=block)
        np.multiply(slope_o, dh, out=o)
        dc[...] = self.scratch
