"""The time loop of the vanilla network."""

import numpy as np

from charrnn.kernels.numpy.time_loop import TimeLoop


class Tanh(TimeLoop):
    """h' = tanh(z + r)."""

    def activate(self, t: int) -> None:
        z, h = self.z[t], self.h[t + 1]
        np.add(z, self.r, out=z)
        np.tanh(z, out=h)

    def differentiate(self, t: int) -> None:
        z, h = self.z[t], self.h[t + 1]
        np.multiply(h, h, out=z)
        np.subtract(1, z, out=z)
        z *= self.dh
