"""The time loop of the LSTM."""

from typing import Any

import numpy as np

from charrnn.kernels.numpy.arithmetic import blocks
from charrnn.kernels.numpy.time_loop import CellStateLoop


class LSTM(CellStateLoop):
    """Blocks i f g o. sigmoid(a) = tanh(a / 2) / 2 + 1 / 2, so one tanh serves all four."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        scale = np.array([0.5, 0.5, 1, 0.5], self._dtype)
        self.scale = np.repeat(scale, self.hidden_size)
        self.shift = np.repeat(1 - scale, self.hidden_size)

    def activate(self, t: int) -> None:
        gates, c = self.z[t], self.c[t + 1]
        gates += self.r
        gates *= self.scale
        np.tanh(gates, out=gates)
        gates *= self.scale
        gates += self.shift
        i, f, g, o = blocks(gates, 4)
        np.multiply(f, self.c[t], out=c)
        np.multiply(i, g, out=self.scratch)
        c += self.scratch
        self.output(t, o)

    def differentiate(self, t: int) -> None:
        gates, slope, dc = self.z[t], self.slope, self.dc
        i, f, g, o = blocks(gates, 4)
        self.differentiate_output(t, o)
        np.multiply(gates, gates, out=slope)  # s (1 - s) = s - s^2 of the sigmoids, 1 - g^2 of the tanh
        slope_i, slope_f, slope_g, slope_o = blocks(slope, 4)
        half = 2 * self.hidden_size
        np.subtract(gates[:, :half], slope[:, :half], out=slope[:, :half])
        np.subtract(1, slope_g, out=slope_g)
        np.subtract(o, slope_o, out=slope_o)
        slope_i *= g
        slope_f *= self.c[t]
        slope_g *= i
        slope_o *= self.tanh_c[t]
        np.multiply(dc, f, out=self.scratch)  # before f makes room for its gradient
        for block, slope_block in ((i, slope_i), (f, slope_f), (g, slope_g)):
            np.multiply(slope_block, dc, out=block)
        np.multiply(slope_o, self.dh, out=o)
        dc[...] = self.scratch
