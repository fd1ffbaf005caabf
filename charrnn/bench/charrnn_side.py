"""charrnn's side of a comparison: it trains like `charrnn.training.learner` and samples like `charrnn.sampling`."""

from collections import deque
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import numpy as np

from charrnn.bench.job import Job
from charrnn.bench.timing import Laps, clock_of, rate
from charrnn.device.backend import open_backend
from charrnn.kernels.choice import build
from charrnn.network.network import Network
from charrnn.sampling.sampler import BLOCK, Filter, sample
from charrnn.training import optim

HUNDRED = 100  # texts sampled at once


class TimedSide:
    """A network with one kind of charrnn's kernels and all that a training step needs."""

    def __init__(self, job: Job) -> None:
        workload = job.workload
        self.backend = open_backend(job.device)
        self.kernels = build(self.backend, job.side, job.threads, job.precision).kernels
        self.config = workload.config
        self.shape = workload.shape
        self.params = workload.parameters(self.backend)
        self.network = workload.network(self.params, self.backend, self.kernels)
        self.optimizer = optim.build(self.config, self.kernels, self.params)
        to_device = self.backend.to_device
        self.chunks = cycle([(to_device(inputs), to_device(targets)) for inputs, targets in workload.chunks()])
        self.states = self.network.initial_state()
        self.steps = 0
        self.name = f"charrnn {self.kernels.name}"
        self.precision = self.kernels.precision
        self.clock = clock_of(self.backend)

    @staticmethod
    def used_bytes(device: str) -> int:
        """Memory in use on a GPU."""
        free, total = open_backend(device).xp.cuda.runtime.memGetInfo()
        return total - free

    def step(self, lap: Laps) -> Any:
        """Train one step; returns the loss in nats per character, which a GPU may still be computing."""
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
        """Characters per second of one text, and of many sampled at once."""
        batches = {"one_text": 1, "hundred_texts": HUNDRED}
        return {kind: texts * BLOCK * rate(self._sampler(texts)) for kind, texts in batches.items()}

    def _sampler(self, texts: int) -> Callable[[int], None]:
        """A function that samples the given number of blocks of `texts` texts."""
        network = Network(self.shape, self.params, self.backend, self.kernels, seq_len=1, batch_size=texts)
        characters = sample(network, np.zeros(1, int), Filter(), seed=1)

        def draw(blocks: int) -> None:  # whole blocks, because the kernels sample a block at once
            deque(islice(characters, BLOCK * blocks), maxlen=0)

        return draw
