"""Averages of the weights over the steps of a run: smoother than the weights, and often a better model."""

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.kernels.protocol import Kernels


class Average:
    """A running average of parameters: average += (weights - average) * share.

    'ema' forgets: the share is 1 - decay, but larger over the first steps, which would otherwise count too much.
    'polyak' is the plain mean since `average_after` of the budget was used up, and before that the weights themselves
    (Polyak and Juditsky 1992; averaged SGD in Merity et al. 2017).
    """

    def __init__(self, kernels: Kernels, params: Flat, config: Config) -> None:
        self.params = params.copy(kernels.xp)
        self._kernels = kernels
        self._weights = params.buffer
        self._scratch = kernels.xp.empty_like(params.buffer)
        self._kind = config.average
        self._decay = config.average_decay
        self._after = config.average_after

    def update(self, averaged: int, progress: float) -> int:
        """Add the current weights to the average of `averaged` steps; returns the number of steps in it now."""
        if self._kind == "polyak" and progress < self._after:
            self.params.buffer[...] = self._weights
            return 0
        share = 1 / (averaged + 1) if self._kind == "polyak" else 1 - min(self._decay, (averaged + 1) / (averaged + 10))
        self._kernels.approach(self.params.buffer, self._weights, share, self._scratch)
        return averaged + 1
