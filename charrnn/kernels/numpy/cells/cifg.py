"""The time loop of the LSTM with coupled gates."""

from typing import Any

import numpy as np

from charrnn.cells.protocol import State
from charrnn.kernels.numpy.arithmetic import blocks, interpolate, sigmoid
from charrnn.kernels.numpy.time_loop import TimeLoop


class CIFG(TimeLoop):
    """Blocks forget, candidate, output."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.c = self.tape(more=1)
        self.tanh_c = self.tape()
        if self.training:
            self.dc = np.empty(self._shape, self._dtype)

    def load(self, state: State) -> None:
        super().load(state)
        self.c[0][...] = state[1]

    def state(self, t: int) -> State:
        return self.h[t], self.c[t]

    def activate(self, t: int) -> None:
        z = self.z[t]
        z += self.r
        f, g, o = blocks(z, 3)
        sigmoid(f)
        np.tanh(g, out=g)
        sigmoid(o)
        interpolate(g, f, self.c[t], out=self.c[t + 1])
        np.tanh(self.c[t + 1], out=self.tanh_c[t])
        np.multiply(o, self.tanh_c[t], out=self.h[t + 1])

    def load_gradient(self, dstate: State | None) -> None:
        super().load_gradient(dstate)
        self.dc[...] = 0 if dstate is None else dstate[1]

    def state_gradient(self) -> State:
        return self.dh, self.dc

    def differentiate(self, t: int) -> None:
        tanh_c, dh, dc, scratch = self.tanh_c[t], self.dh, self.dc, self.scratch
        f, g, o = blocks(self.z[t], 3)
        np.multiply(tanh_c, tanh_c, out=scratch)
        np.subtract(1, scratch, out=scratch)
        scratch *= o
        scratch *= dh
        dc += scratch
        slope_f, slope_g, slope_o = blocks(self.slope, 3)
        np.subtract(1, f, out=slope_f)
        np.multiply(g, g, out=slope_g)
        np.subtract(1, slope_g, out=slope_g)
        slope_g *= slope_f
        np.subtract(1, o, out=slope_o)
        slope_o *= o
        slope_o *= tanh_c
        np.subtract(self.c[t], g, out=scratch)
        slope_f *= f
        slope_f *= scratch
        np.multiply(dc, f, out=scratch)  # before f becomes its gradient
        np.multiply(slope_f, dc, out=f)
        np.multiply(slope_g, dc, out=g)
        np.multiply(slope_o, dh, out=o)
        dc[...] = scratch
