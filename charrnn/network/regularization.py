"""Regularization outside the recurrence, so that kernels do not have to know about it.

Masks come from a counter-based generator, keyed by the seed and counted by step: a resumed run drops the same values as
an uninterrupted one. All of it is active in training only.
"""

from dataclasses import dataclass
from typing import Any

from charrnn.config import Config
from charrnn.device.arrays import zeros
from charrnn.device.backend import Backend
from charrnn.kernels.protocol import MASK_LEVELS, Kernels


@dataclass(frozen=True)
class Regularization:
    """Fractions to drop, and penalties; all zero by default. See the settings of the same names."""

    dropout: float = 0.0
    dropout_input: float = 0.0
    dropout_output: float = 0.0
    dropout_weights: float = 0.0
    dropout_mask: str = "step"
    activation_penalty: float = 0.0
    temporal_penalty: float = 0.0
    seed: int = 0

    @classmethod
    def of(cls, config: Config) -> "Regularization":
        """The regularization that `config` asks for."""
        return cls(**{name: getattr(config, name) for name in cls.__dataclass_fields__})


class Dropout:
    """Zeroes a fraction of an array's values and scales the others up, so that the expected value stays the same.

    The mask's shape is the array's, or has ones where one mask serves a whole axis. With a fraction of 0 nothing
    happens. `number` distinguishes the masks of a network.

    Source: Srivastava et al. 2014; between layers of recurrent networks Zaremba et al. 2014; one mask for all time
    steps Gal and Ghahramani 2016; on recurrent weights Merity et al. 2017.
    """

    def __init__(
        self,
        backend: Backend,
        kernels: Kernels,
        share: float,
        shape: tuple[int, ...],
        mask: tuple[int, ...],
        *,
        seed: int,
        number: int,
    ) -> None:
        self._kernels, self._seed, self._number = kernels, seed, number
        self._dropped = round(share * MASK_LEVELS)
        if self:
            self.mask = zeros(backend.xp, mask, backend.dtype)
            self._output = zeros(backend.xp, shape, backend.dtype)

    def __bool__(self) -> bool:
        return self._dropped > 0

    def draw(self, step: int) -> Any:
        """The mask of this step: 0, or 1 / (the fraction that is kept)."""
        self._kernels.dropout_mask(self.mask, self._dropped, seed=self._seed, number=self._number, step=step)
        return self.mask

    def forward(self, a: Any, step: int) -> Any:
        """Return `a` with a new mask applied, in a buffer of its own whose first axis may be longer."""
        if not self:
            return a
        out = self._output[: len(a)]
        self._kernels.apply_mask(a, self.draw(step)[: len(a)], out)
        return out

    def backward(self, da: Any) -> None:
        """Apply the mask of the last `forward` to a gradient, in place."""
        if self:
            self._kernels.apply_mask(da, self.mask[: len(da)], da)


class Penalties:
    """Penalties on the outputs of the last layer: on their size, and on their change from one time step to the next.

    activation: a / (T B H) sum of h^2 after dropout;  temporal: b / (T B H) sum of (h[t+1] - h[t])^2 before it.

    Source: Merity, McCann and Socher 2017 (AR and TAR).
    """

    def __init__(self, backend: Backend, activation: float, temporal: float, shape: tuple[int, ...]) -> None:
        self._activation, self._temporal = activation, temporal
        if activation or temporal:
            self._scratch = zeros(backend.xp, shape, backend.dtype)
            self._multiply, self._subtract = backend.xp.multiply, backend.xp.subtract

    def activation_gradient(self, h: Any, dh: Any) -> None:
        """Add the gradient of the activation penalty to dh (T, B, H)."""
        if self._activation:
            dh += self._multiply(h, 2 * self._activation / h.size, out=self._scratch[: len(h)])

    def temporal_gradient(self, h: Any, dh: Any) -> None:
        """Add the gradient of the temporal penalty to dh (T, B, H)."""
        if self._temporal and len(h) > 1:
            change = self._subtract(h[1:], h[:-1], out=self._scratch[: len(h) - 1])
            change *= 2 * self._temporal / h.size
            dh[1:] += change
            dh[:-1] -= change
