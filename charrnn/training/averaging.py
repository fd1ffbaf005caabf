"""Averages of the weights over the steps of a run: smoother than the weights, and often a better model."""

from typing import Any

from charrnn.config import Config
from charrnn.device.arrays import Flat


class Average:
    """A running average of parameters: average += (weights - average) * share.

    'ema' forgets: the share is 1 - decay, and larger over the first steps, which would otherwise weigh too much.
    'polyak' is the plain mean from the point on at which `average_after` of the budget is used up (Polyak and Juditsky
    1992; as averaged SGD in Merity et al. 2017); until then it is the weights themselves.
    """

    def __init__(self, kernels: Any, params: Flat, config: Config) -> None:
        self._kernels, self.params = kernels, params.copy(kernels.xp)
        self._weights, self._scratch = params.buffer, kernels.xp.empty_like(params.buffer)
        self._kind, self._decay, self._after = config.average, config.average_decay, config.average_after

    def update(self, averaged: int, progress: float) -> int:
        """Take in the weights as they are; `averaged` steps were taken in before. Returns how many there are now."""
        if self._kind == "polyak" and progress < self._after:
            self.params.buffer[...] = self._weights
            return 0
        share = 1 / (averaged + 1) if self._kind == "polyak" else 1 - min(self._decay, (averaged + 1) / (averaged + 10))
        self._kernels.approach(self.params.buffer, self._weights, share, self._scratch)
        return averaged + 1
