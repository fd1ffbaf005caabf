"""One update of the weights: forward, loss, backward, clip, step. Truncated backpropagation through time.

The hidden state is carried from chunk to chunk and reset where the text begins anew; gradients stop at a chunk's start.
"""

from typing import Any, NamedTuple

import numpy as np

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.evaluation.units import smooth_targets
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network.network import Network
from charrnn.network.regularization import Regularization
from charrnn.network.shape import Shape
from charrnn.text.ramp import Ramp
from charrnn.training import optim
from charrnn.training.averaging import Average
from charrnn.training.feed import Feed


class Measured(NamedTuple):
    """Of one update: `loss` is the mean nats over `chars` characters, `norm` that of the gradients before clipping."""

    loss: float
    norm: float
    chars: int


class Ledger:
    """Losses and norms of updates, left where they were computed: to read a number is to wait for the device.

    There is room for as many updates of `chunks` chunks as the host may be ahead of the device.
    """

    def __init__(self, backend: Backend, chunks: int) -> None:
        self._backend = backend
        self._values = backend.xp.zeros((backend.ahead, chunks + 1), np.float64)  # losses of the chunks, and the norm
        self._chars: list[list[int]] = []  # of each chunk of each update

    @property
    def full(self) -> bool:
        """Whether it has to be read before the next update."""
        return len(self._chars) == len(self._values)

    def begin(self) -> None:
        """Open a row for the next update."""
        self._chars.append([])

    def add_loss(self, loss: Any, chars: int) -> None:
        """The mean nats over the `chars` characters of the update's next chunk."""
        self._write(len(self._chars[-1]), loss)
        self._chars[-1].append(chars)

    def add_norm(self, norm: Any) -> None:
        """The norm of the update's gradients."""
        self._write(self._values.shape[1] - 1, norm)

    def _write(self, column: int, value: Any) -> None:
        self._values[len(self._chars) - 1, column : column + 1] = value  # as an array, unread

    def take(self) -> list[Measured]:
        """All updates since the last call, the oldest first; waits for the device."""
        rows, counts = self._backend.to_host(self._values[: len(self._chars)]).tolist(), self._chars
        self._chars = []
        return [
            Measured(
                sum(loss * count for loss, count in zip(losses, chars, strict=True)) / sum(chars), norm, sum(chars)
            )
            for (*losses, norm), chars in zip(rows, counts, strict=True)
        ]


class Learner:
    """Weights and all that changes them; `states` is the hidden state that the next chunk begins with."""

    def __init__(
        self, config: Config, shape: Shape, params: Flat, backend: Backend, kernels: ReferenceKernels, batches: Ramp
    ) -> None:
        self.config, self.params, self.backend, self.kernels, self.batches = config, params, backend, kernels, batches
        self.shape, self.ledger = shape, Ledger(backend, config.accumulate)
        self._begin_stage()
        self.optimizer = optim.build(config, kernels, params)
        self.average = Average(kernels, params, config) if config.average != "none" else None
        self.states = self.network.initial_state()
        self._total = params.copy(backend.xp) if config.accumulate > 1 else None

    @property
    def model(self) -> Flat:
        """The weights that are evaluated, sampled from and kept as best: the average, where there is one."""
        return self.average.params if self.average else self.params

    @property
    def slots(self) -> dict[str, Any]:
        """All buffers besides the weights that hold a value for each weight, by name."""
        return self.optimizer.slots | ({"average": self.average.params.buffer} if self.average else {})

    def _begin_stage(self) -> None:
        """For as many streams as there are now."""
        self.feed = Feed(self.batches.stage, self.backend, self.kernels)
        self.network = Network(
            self.shape,
            self.params,
            self.backend,
            self.kernels,
            seq_len=self.config.seq_len,
            batch_size=self.batches.batch_size,
            training=True,
            regularization=Regularization.of(self.config),
        )

    def advance(self, step: int, used: float) -> None:
        """Before update number `step`: let the batch grow, if it is time for that in the budget."""
        if self.batches.advance(step * self.config.accumulate, used):
            self._begin_stage()

    def epoch(self, step: int) -> float:
        """Passes over the text that `step` updates make."""
        return self.batches.epoch(step * self.config.accumulate)

    def gradients(self, step: int) -> Flat:
        """The clipped gradients of update number `step`, counted from 0; the mean over `accumulate` chunks.

        Loss and norm are in the ledger; what they are, nobody has looked at yet.
        """
        first = step * self.config.accumulate
        self.ledger.begin()
        for number in range(first, first + self.config.accumulate):
            self._chunk(number)
        grads = self._total or self.network.grads
        self.ledger.add_norm(optim.clip(self.kernels, grads, self.config.grad_clip, self.config.grad_clip_mode))
        return grads

    def apply(self, grads: Flat, learning_rate: float, step: int) -> None:
        """Take the step number `step`, counted from 1."""
        self.optimizer.update(grads, learning_rate, step)

    def _chunk(self, number: int) -> None:
        """Enter chunk `number` in the ledger; its gradients join those of the update."""
        if self.batches.starts_text(number):
            self.states = self.network.initial_state()
        inputs, targets, count = self.feed.chunk(self.batches.within_stage(number))
        logits, self.states = self.network.forward(inputs, self.states, number)
        targets, smoothing = targets.reshape(-1)[:count], self.config.label_smoothing
        self.ledger.add_loss(self.kernels.cross_entropy_gradient(logits[:count], targets), count)
        if smoothing:
            smooth_targets(self.backend.xp, logits[:count], targets, smoothing)
        logits[count:] = 0
        grads = self.network.backward(logits).buffer
        if self._total:
            grads /= self.config.accumulate
            if number % self.config.accumulate == 0:
                self._total.buffer[...] = 0
            self._total.buffer += grads

    def state_arrays(self) -> list[dict[str, Any]]:
        """The hidden state as a checkpoint has it, on the host: for each layer arrays (B, H) by name."""
        names = self.shape.kind.states
        return [
            {name: self.backend.to_host(array) for name, array in zip(names, state, strict=True)}
            for state in self.states
        ]

    def moment_arrays(self) -> dict[str, dict[str, Any]]:
        """The slots as a checkpoint has them, on the host: by slot and weight."""
        return {
            slot: {name: self.backend.to_host(view) for name, view in self.params.like(buffer).items()}
            for slot, buffer in self.slots.items()
        }

    def restore(self, moments: dict[str, dict[str, Any]], states: list[dict[str, Any]]) -> None:
        """Go on from `moment_arrays` and `state_arrays`; `batches` is where it was.

        Raises:
            KeyError: one of them is missing.
        """
        to_device = self.backend.to_device
        for slot, buffer in self.slots.items():
            for name, view in self.params.like(buffer).items():
                view[...] = to_device(moments[slot][name])
        names = self.shape.kind.states
        self.states = [tuple(to_device(state[name]) for name in names) for state in states]
