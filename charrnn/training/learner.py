"""One update of the weights by truncated backpropagation through time: forward, loss, backward, clip, step.

The hidden state is carried from chunk to chunk and reset where the text starts over; gradients stop at a chunk's start.
"""

from typing import Any

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.evaluation.units import smooth_targets
from charrnn.kernels.protocol import Kernels
from charrnn.network.network import Network
from charrnn.network.regularization import Regularization
from charrnn.network.shape import Shape
from charrnn.text.streams.ramp import Ramp
from charrnn.training import optim
from charrnn.training.averaging import Average
from charrnn.training.feed import Feed
from charrnn.training.ledger import Ledger


class Learner:
    """The weights and everything that changes them; `states` is the hidden state that the next chunk begins with."""

    def __init__(
        self, config: Config, shape: Shape, params: Flat, backend: Backend, kernels: Kernels, batches: Ramp
    ) -> None:
        self.config = config
        self.shape = shape
        self.params = params
        self.backend = backend
        self.kernels = kernels
        self.batches = batches
        self.ledger = Ledger(backend, config.accumulate)
        self._begin_stage()
        self.optimizer = optim.build(config, kernels, params)
        self.average = Average(kernels, params, config) if config.average != "none" else None
        self.states = self.network.initial_state()
        self._total = params.copy(backend.xp) if config.accumulate > 1 else None

    @property
    def model(self) -> Flat:
        """The weights that are evaluated, sampled from and kept as best: their average, if there is one."""
        return self.average.params if self.average else self.params

    @property
    def slots(self) -> dict[str, Any]:
        """All buffers that hold one value per weight, except the weights themselves, by name."""
        return self.optimizer.slots | ({"average": self.average.params.buffer} if self.average else {})

    def _begin_stage(self) -> None:
        """Rebuild feed and network for the current batch size."""
        self.feed = Feed(self.batches, self.backend, self.kernels)
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
        """Prepare update number `step`: the batch grows if enough of the budget is used."""
        if self.batches.advance(step * self.config.accumulate, used):
            self._begin_stage()

    def epoch(self, step: int) -> float:
        """Passes over the text after `step` updates."""
        return self.batches.epoch(step * self.config.accumulate)

    def gradients(self, step: int) -> Flat:
        """The clipped gradients of update number `step`, counted from 0: the mean over `accumulate` chunks.

        Loss and norm are in the ledger; they stay on the device until it is read.
        """
        first = step * self.config.accumulate
        self.ledger.begin()
        for number in range(first, first + self.config.accumulate):
            self._chunk(number)
        grads = self._total or self.network.grads
        self.ledger.add_norm(optim.clip(self.kernels, grads, self.config.grad_clip, self.config.grad_clip_mode))
        return grads

    def apply(self, grads: Flat, learning_rate: float, step: int) -> None:
        """Update the weights; `step` is the number of the update, counted from 1."""
        self.optimizer.update(grads, learning_rate, step)

    def _chunk(self, number: int) -> None:
        """Add the loss of chunk `number` to the ledger and its gradients to those of the update."""
        chunk = self.feed.chunk(number)
        if chunk.starts_text:
            self.states = self.network.initial_state()
        logits, self.states = self.network.forward(chunk.inputs, self.states, number)
        count, smoothing = chunk.pairs, self.config.label_smoothing
        targets = chunk.targets.reshape(-1)[:count]
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
        """The hidden state on the host, as a checkpoint stores it: for each layer arrays (B, H) by name."""
        names = self.shape.kind.states
        return [
            {name: self.backend.to_host(array) for name, array in zip(names, state, strict=True)}
            for state in self.states
        ]

    def moment_arrays(self) -> dict[str, dict[str, Any]]:
        """The slots on the host, as a checkpoint stores them: by slot and weight."""
        return {
            slot: {name: self.backend.to_host(view) for name, view in self.params.like(buffer).items()}
            for slot, buffer in self.slots.items()
        }

    def restore(self, moments: dict[str, dict[str, Any]], states: list[dict[str, Any]]) -> None:
        """Continue from `moment_arrays` and `state_arrays`; the caller has restored `batches`.

        Raises:
            KeyError: one of them is missing.
            ValueError: the hidden states have other shapes.
        """
        to_device = self.backend.to_device
        for slot, buffer in self.slots.items():
            for name, view in self.params.like(buffer).items():
                view[...] = to_device(moments[slot][name])
        names = self.shape.kind.states
        begun = [array.shape for state in self.states for array in state]
        self.states = [tuple(to_device(state[name]) for name in names) for state in states]
        found = [array.shape for state in self.states for array in state]
        if found != begun:
            raise ValueError("its hidden states are not those of this batch")
