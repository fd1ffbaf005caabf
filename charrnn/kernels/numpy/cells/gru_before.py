"""The time loop of the GRU that resets before the product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.kernels.numpy.arithmetic import blocks, interpolate, rows, sigmoid, update_gradient
from charrnn.kernels.numpy.time_loop import TimeLoop


class GRUBefore(TimeLoop):
    """Blocks reset, update, new; the last product reads reset * h, so each time step has two products."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        steps = self._seq_len if self.training else 1
        self.gated = np.empty((steps, *self._shape), self._dtype)

    def step(self, params: Mapping[str, Any], t: int) -> None:
        weight, last, h0 = params["weight_hh"], 2 * self.hidden_size, self.h[t]
        z, gated = self.z[t], self.gated[t if self.training else 0]
        reset, update, new = blocks(z, 3)
        z += params["bias_hh"]
        z[:, :last] += np.matmul(h0, weight[:last].T, out=self.r[:, :last])
        sigmoid(z[:, :last])
        np.multiply(reset, h0, out=gated)
        new += np.matmul(gated, weight[last:].T, out=self.r[:, last:])
        np.tanh(new, out=new)
        interpolate(new, update, h0, out=self.h[t + 1])

    def step_backward(self, params: Mapping[str, Any], t: int) -> None:
        weight, last, h0, dh, z = params["weight_hh"], 2 * self.hidden_size, self.h[t], self.dh, self.z[t]
        reset, update, new = blocks(z, 3)
        keep = update_gradient(update, new, h0, dh, self.slope, self.scratch)
        dgated = np.matmul(new, weight[last:], out=self.scratch)
        np.multiply(dgated, reset, out=dh)
        dh += keep
        dgated *= h0
        dgated *= reset
        np.subtract(1, reset, out=reset)
        reset *= dgated
        dh += np.matmul(z[:, :last], weight[:last], out=self.scratch)

    def weight_gradients(self, grads: Mapping[str, Any]) -> None:
        steps, last, weight = len(self.z), 2 * self.hidden_size, grads["weight_hh"]
        dr = rows(self.z)
        np.matmul(dr[:, :last].T, rows(self.h[:steps]), out=weight[:last])
        np.matmul(dr[:, last:].T, rows(self.gated[:steps]), out=weight[last:])
        dr.sum(axis=0, out=grads["bias_hh"])
