"""Our side of a comparison: the training step as `charrnn.training.trainer` does it, and sampling as `charrnn.sampling.sampler` does."""

from collections import deque
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import numpy as np

from charrnn.bench.timing import Laps, clock_of, rate
from charrnn.bench.workload import Workload
from charrnn.device.backend import open_backend
from charrnn.kernels.choice import build
from charrnn.network.network import Network
from charrnn.sampling.sampler import BLOCK, Filter, sample
from charrnn.training import optim

HUNDRED = 100  # texts drawn at once


class TimedSide:
    """One of our kernels, with all that a training step needs, on a device."""

    def __init__(self, workload: Workload, device: str, kernel: str, precision: str) -> None:
        self.backend = open_backend(device)
        self.kernels = build(self.backend, kernel, precision=precision).kernels
        self.config, self.shape = workload.config, workload.shape
        self.params = workload.parameters(self.backend)
        self.network = Network(
            self.shape,
            self.params,
            self.backend,
            self.kernels,
            seq_len=workload.seq_len,
            batch_size=workload.batch_size,
            training=True,
        )
        self.optimizer = optim.build(self.config, self.kernels, self.params)
        to_device = self.backend.to_device
        self.chunks = cycle([(to_device(inputs), to_device(targets)) for inputs, targets in workload.chunks()])
        self.states, self.steps = self.network.initial_state(), 0
        self.name, self.precision = f"charrnn {self.kernels.name}", self.kernels.precision
        self.clock = clock_of(self.backend)

    @staticmethod
    def used_bytes(device: str) -> int:
        """Memory in use on a GPU."""
        free, total = open_backend(device).xp.cuda.runtime.memGetInfo()
        return total - free

    def step(self, lap: Laps) -> Any:
        """One training step; the loss in nats per character, which a GPU may not know yet."""
        inputs, targets = next(self.chunks)
        self.steps += 1
        logits, self.states = self.network.forward(inputs, self.states)
        lap("forward")
        loss = self.kernels.cross_entropy_gradient(logits, targets)
        lap("rest")
        grads = self.network.backward(logits)
        lap("backward")
        optim.clip(self.kernels, grads, self.config.grad_clip, self.config.grad_clip_mode)
        self.optimizer.update(grads, self.config.learning_rate, self.steps)
        lap("rest")
        return loss

    def sampling(self) -> dict[str, float]:
        """Characters a second: of one text, and of many drawn at once."""
        together = {"one_text": 1, "hundred_texts": HUNDRED}
        return {name: texts * BLOCK * rate(self._drawer(texts)) for name, texts in together.items()}

    def _drawer(self, texts: int) -> Callable[[int], None]:
        network = Network(self.shape, self.params, self.backend, self.kernels, seq_len=1, batch_size=texts)
        drawn = sample(network, np.zeros(1, int), Filter(), seed=1)
        return lambda blocks: deque(islice(drawn, BLOCK * blocks), maxlen=0)  # a block is drawn at once
