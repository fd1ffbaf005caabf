"""The time loop of the vanilla network with a rectifier."""

import numpy as np

from charrnn.kernels.numpy.time_loop import TimeLoop


class ReLU(TimeLoop):
    """h' = max(z + r, 0)."""

    def activate(self, t: int) -> None:
        z, h = self.z[t], self.h[t + 1]
        np.add(z, self.r, out=z)
        np.maximum(z, 0, out=h)

    def differentiate(self, t: int) -> None:
        np.multiply(self.dh, self.h[t + 1] > 0, out=self.z[t])
