"""Optimizers over the flat buffers, and gradient clipping. All work in place, in a few array operations each.

w are the parameters, dw the gradients, s is a scratch buffer of the same size; `step` counts from 1. The norm and Adam,
which nearly every run uses, are operations of the network's `kernels`, so that they can be fast.
"""

from typing import Any, ClassVar

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.kernels.protocol import Kernels


class Optimizer:
    """The base of all optimizers; `slots` are the flat buffers of its moments, which a checkpoint stores by name."""

    slot_names: ClassVar[tuple[str, ...]] = ()
    decoupled_decay: ClassVar[bool] = False

    def __init__(self, kernels: Kernels, params: Flat, weight_decay: float = 0.0) -> None:
        self.kernels = kernels
        self.xp = kernels.xp
        self.params = params
        self.weight_decay = weight_decay
        self.slots = {name: self.xp.zeros_like(params.buffer) for name in self.slot_names}
        self._scratch = self.xp.empty_like(params.buffer)

    def update(self, grads: Flat, learning_rate: float, step: int) -> None:
        """Take one step against `grads`, which may be overwritten. Weight decay affects matrices only."""
        if self.weight_decay and self.decoupled_decay:
            self.params.matrices *= 1 - learning_rate * self.weight_decay
        elif self.weight_decay:
            s = self._scratch[: len(self.params.matrices)]
            self.xp.multiply(self.params.matrices, self.weight_decay, out=s)
            grads.matrices += s
        self._descend(self.params.buffer, grads.buffer, self._scratch, learning_rate, step)

    def _descend(self, w: Any, dw: Any, s: Any, learning_rate: float, step: int) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """w -= rate dw."""

    def _descend(self, w: Any, dw: Any, s: Any, learning_rate: float, step: int) -> None:
        self.xp.multiply(dw, learning_rate, out=s)
        w -= s


class Momentum(Optimizer):
    """v = 0.9 v + dw; w -= rate v (Polyak 1964, in torch's form)."""

    slot_names = ("velocity",)

    def _descend(self, w: Any, dw: Any, s: Any, learning_rate: float, step: int) -> None:
        velocity = self.slots["velocity"]
        velocity *= 0.9
        velocity += dw
        self.xp.multiply(velocity, learning_rate, out=s)
        w -= s


class Adagrad(Optimizer):
    """q += dw^2; w -= rate dw / (sqrt(q) + 1e-10) (Duchi, Hazan and Singer 2011)."""

    slot_names = ("square_sum",)

    def _descend(self, w: Any, dw: Any, s: Any, learning_rate: float, step: int) -> None:
        xp, square_sum = self.xp, self.slots["square_sum"]
        xp.multiply(dw, dw, out=s)
        square_sum += s
        _scaled_step(xp, w, dw, s, square_sum, learning_rate, 1e-10)


class RMSprop(Optimizer):
    """q = 0.95 q + 0.05 dw^2; w -= rate dw / (sqrt(q) + 1e-8) (Hinton's lecture; decay as in char-rnn)."""

    slot_names = ("square_mean",)

    def _descend(self, w: Any, dw: Any, s: Any, learning_rate: float, step: int) -> None:
        xp, square_mean = self.xp, self.slots["square_mean"]
        xp.multiply(dw, dw, out=s)
        s *= 0.05
        square_mean *= 0.95
        square_mean += s
        _scaled_step(xp, w, dw, s, square_mean, learning_rate, 1e-8)


class Adam(Optimizer):
    """Bias-corrected moments, beta 0.9 and 0.999, epsilon 1e-8 (Kingma and Ba 2015), as torch.optim.Adam."""

    slot_names = ("mean", "square_mean")
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8

    def _descend(self, w: Any, dw: Any, s: Any, learning_rate: float, step: int) -> None:
        # rate m^ / (sqrt(v^) + e), with the corrections of m and v moved into the rate and into e
        correction = (1 - self.beta2**step) ** 0.5
        rate = learning_rate * correction / (1 - self.beta1**step)
        mean, square_mean = self.slots["mean"], self.slots["square_mean"]
        self.kernels.adam(w, dw, s, mean, square_mean, rate, self.beta1, self.beta2, self.epsilon * correction)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)."""

    decoupled_decay = True


def _scaled_step(xp: Any, w: Any, direction: Any, s: Any, square: Any, rate: float, epsilon: float) -> None:
    """w -= rate direction / (sqrt(square) + epsilon)."""
    xp.sqrt(square, out=s)
    s += epsilon
    xp.divide(direction, s, out=s)
    s *= rate
    w -= s


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def build(config: Config, kernels: Kernels, params: Flat) -> Optimizer:
    """The optimizer that the configuration names, with zero moments."""
    return OPTIMIZERS[config.optimizer](kernels, params, config.weight_decay)


def clip(kernels: Kernels, grads: Flat, limit: float, mode: str) -> Any:
    """Clip all gradients together by their norm, or each value, in place; 0 does not clip. Returns the norm before.

    The factor stays on the device: the host does not wait for it.
    """
    if limit and mode == "norm":
        return kernels.clip(grads.buffer, limit)
    norm = kernels.norm(grads.buffer)
    if limit:
        kernels.xp.clip(grads.buffer, -limit, limit, out=grads.buffer)
    return norm
