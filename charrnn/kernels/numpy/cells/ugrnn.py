"""The time loop of the update gate RNN."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.kernels.numpy.arithmetic import blocks, interpolate, sigmoid, update_gradient
from charrnn.kernels.numpy.time_loop import TimeLoop


class UGRNN(TimeLoop):
    """Blocks update, new."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self.training:
            self.slope = np.empty((self._shape[0], 3 * self._shape[1]), self._dtype)  # as `update_gradient` needs

    def activate(self, t: int) -> None:
        z = self.z[t]
        z += self.r
        update, new = blocks(z, 2)
        sigmoid(update)
        np.tanh(new, out=new)
        interpolate(new, update, self.h[t], out=self.h[t + 1])

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        self.differentiate(t)
        self.dh += np.matmul(self.dr(t), params["weight_hh"], out=self.scratch)

    def differentiate(self, t: int) -> None:
        update, new = blocks(self.z[t], 2)
        self.dh[...] = update_gradient(update, new, self.h[t], self.dh, self.slope, self.scratch)
