"""The time loop of the LSTM with coupled gates."""

import numpy as np

from charrnn.kernels.numpy.arithmetic import blocks, interpolate, sigmoid
from charrnn.kernels.numpy.time_loop import CellStateLoop


class CIFG(CellStateLoop):
    """Blocks forget, candidate, output."""

    def activate(self, t: int) -> None:
        z = self.z[t]
        z += self.r
        f, g, o = blocks(z, 3)
        sigmoid(f)
        np.tanh(g, out=g)
        sigmoid(o)
        interpolate(g, f, self.c[t], out=self.c[t + 1])
        self.output(t, o)

    def differentiate(self, t: int) -> None:
        dc, scratch = self.dc, self.scratch
        f, g, o = blocks(self.z[t], 3)
        self.differentiate_output(t, o)
        slope_f, slope_g, slope_o = blocks(self.slope, 3)
        np.subtract(1, f, out=slope_f)
        np.multiply(g, g, out=slope_g)
        np.subtract(1, slope_g, out=slope_g)
        slope_g *= slope_f
        np.subtract(1, o, out=slope_o)
        slope_o *= o
        slope_o *= self.tanh_c[t]
        np.subtract(self.c[t], g, out=scratch)
        slope_f *= f
        slope_f *= scratch
        np.multiply(dc, f, out=scratch)  # before f becomes its gradient
        np.multiply(slope_f, dc, out=f)
        np.multiply(slope_g, dc, out=g)
        np.multiply(slope_o, self.dh, out=o)
        dc[...] = scratch
