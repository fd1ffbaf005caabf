"""The time loop of the GRU that resets after the product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.kernels.numpy.arithmetic import blocks, interpolate, sigmoid, update_gradient
from charrnn.kernels.numpy.time_loop import TimeLoop


class GRU(TimeLoop):
    """Blocks reset, update, new; the reset comes after the product, so dr differs from dz in the last block."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.r_new = self.tape()
        if self.training:
            self._dr = np.empty((self._seq_len, *self.r.shape), self._dtype)

    def activate(self, t: int) -> None:
        z, r, h0, h, last = self.z[t], self.r, self.h[t], self.h[t + 1], 2 * self.hidden_size
        z[:, :last] += r[:, :last]
        sigmoid(z[:, :last])
        reset, update, new = blocks(z, 3)
        self.r_new[t][...] = r[:, last:]
        np.multiply(reset, self.r_new[t], out=self.scratch)
        new += self.scratch
        np.tanh(new, out=new)
        interpolate(new, update, h0, out=h)

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        self.differentiate(t)
        through_r = np.matmul(self.dr(t), params["weight_hh"], out=self.scratch)
        self.dh += through_r

    def differentiate(self, t: int) -> None:
        z, dr, dh, last = self.z[t], self._dr[t], self.dh, 2 * self.hidden_size
        reset, update, new = blocks(z, 3)
        dreset, _, dnew = blocks(dr, 3)
        keep = update_gradient(update, new, self.h[t], dh, self.slope, self.scratch)
        np.multiply(new, self.r_new[t], out=dreset)
        dreset *= reset
        np.multiply(new, reset, out=dnew)
        np.subtract(1, reset, out=reset)
        reset *= dreset
        dr[:, :last] = z[:, :last]
        dh[...] = keep

    def dr(self, t: Any) -> np.ndarray:
        return self._dr[t]
