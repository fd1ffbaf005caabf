"""One update of the weights: forward, loss, backward, clip, step. Truncated backpropagation through time.

The hidden state is carried from chunk to chunk and reset where the text begins anew; gradients stop at a chunk's start.
"""

from typing import Any, NamedTuple

import numpy as np

from charrnn import optim
from charrnn.arrays import Flat
from charrnn.averaging import Average
from charrnn.backend import Backend
from charrnn.cells import CELLS
from charrnn.config import Config
from charrnn.corpus.ramp import Ramp
from charrnn.kernels.reference import ReferenceKernels
from charrnn.loss import smooth_targets
from charrnn.network import Network, Shape
from charrnn.regularization import Regularization


class Gradients(NamedTuple):
    """What one update is made from: `loss` is the mean nats over `chars` characters, `norm` that before clipping."""

    grads: Flat
    loss: float
    norm: float
    chars: int


class Learner:
    """Weights and all that changes them; `states` is the hidden state that the next chunk begins with."""

    def __init__(
        self, config: Config, shape: Shape, params: Flat, backend: Backend, kernels: ReferenceKernels, batches: Ramp
    ) -> None:
        self.config, self.params, self.backend, self.kernels, self.batches = config, params, backend, kernels, batches
        self.shape = shape
        self.network = self._network()
        self.optimizer = optim.build(config, kernels, params)
        self.average = Average(backend.xp, params, config) if config.average != "none" else None
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

    def _network(self) -> Network:
        """For as many streams as there are now."""
        return Network(
            self.shape, self.params, self.backend, self.kernels, seq_len=self.config.seq_len,
            batch_size=self.batches.batch_size, training=True, regularization=Regularization.of(self.config),
        )  # fmt: skip

    def advance(self, step: int, used: float) -> None:
        """Before update number `step`: let the batch grow, if it is time for that in the budget."""
        if self.batches.advance(step * self.config.accumulate, used):
            self.network = self._network()

    def epoch(self, step: int) -> float:
        """Passes over the text that `step` updates make."""
        return self.batches.epoch(step * self.config.accumulate)

    @np.errstate(over="ignore", invalid="ignore")  # who calls looks at loss and norm
    def gradients(self, step: int) -> Gradients:
        """The clipped gradients of update number `step`, counted from 0; the mean over `accumulate` chunks."""
        first = step * self.config.accumulate
        found = [self._chunk(number) for number in range(first, first + self.config.accumulate)]
        grads = self._total or self.network.grads
        chars = sum(count for _, count in found)
        norm = optim.clip(self.kernels, grads, self.config.grad_clip, self.config.grad_clip_mode)
        return Gradients(grads, sum(loss * count for loss, count in found) / chars, float(norm), chars)

    def apply(self, gradients: Gradients, learning_rate: float, step: int) -> None:
        """Take the step number `step`, counted from 1."""
        self.optimizer.update(gradients.grads, learning_rate, step)

    def _chunk(self, number: int) -> tuple[float, int]:
        """Loss and characters of chunk `number`; its gradients join those of the update."""
        if self.batches.starts_text(number):
            self.states = self.network.initial_state()
        inputs, targets, count = self.batches.chunk(number)
        to_device, smoothing = self.backend.to_device, self.config.label_smoothing
        logits, self.states = self.network.forward(to_device(inputs), self.states, number)
        targets = to_device(targets.reshape(-1)[:count])
        loss = float(self.kernels.cross_entropy_gradient(logits[:count], targets))
        if smoothing:
            smooth_targets(self.backend.xp, logits[:count], targets, smoothing)
        logits[count:] = 0
        grads = self.network.backward(logits).buffer
        if self._total:
            grads /= self.config.accumulate
            if number % self.config.accumulate == 0:
                self._total.buffer[...] = 0
            self._total.buffer += grads
        return loss, count

    def state_arrays(self) -> list[dict[str, Any]]:
        """The hidden state as a checkpoint has it, on the host: for each layer arrays (B, H) by name."""
        names = CELLS[self.config.cell].states
        return [{name: self.backend.to_host(array) for name, array in zip(names, state, strict=True)}
                for state in self.states]  # fmt: skip

    def moment_arrays(self) -> dict[str, dict[str, Any]]:
        """The slots as a checkpoint has them, on the host: by slot and weight."""
        return {slot: {name: self.backend.to_host(view) for name, view in self.params.like(buffer).items()}
                for slot, buffer in self.slots.items()}  # fmt: skip

    def restore(self, moments: dict[str, dict[str, Any]], states: list[dict[str, Any]]) -> None:
        """Go on from `moment_arrays` and `state_arrays`; `batches` is where it was.

        Raises:
            KeyError: one of them is missing.
        """
        to_device, self.network = self.backend.to_device, self._network()  # the batch may have grown
        for slot, buffer in self.slots.items():
            for name, view in self.params.like(buffer).items():
                view[...] = to_device(moments[slot][name])
        names = CELLS[self.config.cell].states
        self.states = [tuple(to_device(state[name]) for name in names) for state in states]
