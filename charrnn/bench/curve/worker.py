"""A side that learns, in a process of its own: see `charrnn.bench.curve.turns`.

It reads lines of JSON from standard input, first the recipe, then how far to train, and answers each with one.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.bench.curve.turns import Recipe
from charrnn.bench.job import TORCH
from charrnn.config import Config
from charrnn.device.backend import open_backend
from charrnn.errors import CharrnnError
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape, initial_parameters
from charrnn.text.ramp import Ramp
from charrnn.text.tokens import load_tokens
from charrnn.text.vocabulary import Vocabulary
from charrnn.training import schedules
from charrnn.training.learner import Learner


class LearningSide:
    """Our side: the update as `charrnn.training.trainer` makes it."""

    def __init__(self, config: Config, shape: Shape, batches: Ramp, recipe: Recipe) -> None:
        self.config, self.batches, self.backend = config, batches, open_backend(recipe.device)
        kernels = build(self.backend, recipe.side, precision=config.precision).kernels
        params = initial_parameters(shape, self.backend, np.random.default_rng(config.seed))
        self.learner = Learner(config, shape, params, self.backend, kernels, batches)
        self.name = f"charrnn {kernels.name}"
        self._averaged, self._losses = 0, list[float]()

    def step(self, number: int, rate: float, used: float) -> None:
        """Update number `number`, counted from 0."""
        self.learner.advance(number, used)
        self.learner.apply(self.learner.gradients(number), rate, number + 1)
        if self.learner.average:
            self._averaged = self.learner.average.update(self._averaged, used)
        if self.learner.ledger.full:
            self._losses += [measured.loss for measured in self.learner.ledger.take()]

    def take_losses(self) -> list[float]:
        """Of the steps since the last call, in nats per character; waits for the device."""
        losses, self._losses = self._losses + [measured.loss for measured in self.learner.ledger.take()], []
        return losses

    def weights(self) -> dict[str, np.ndarray]:
        """Those to evaluate, by name."""
        return {name: self.backend.to_host(view) for name, view in self.learner.model.items()}


class Training:
    """A side, and how far it is."""

    def __init__(self, recipe: Recipe) -> None:
        self.config, vocabulary = Config(**recipe.config), Vocabulary.from_dict(recipe.vocabulary)
        tokens = load_tokens(Path(recipe.folder), vocabulary)
        self.batches = Ramp(self.config, tokens.train, vocabulary.newline)
        shape = Shape.of(self.config, vocabulary.size)
        self.schedule, self.steps, self.done = schedules.build(self.config), recipe.steps, 0
        if recipe.side == TORCH:
            from charrnn.bench.curve.torch_learner import TorchLearner

            self.side: Any = TorchLearner(self.config, shape, self.batches, recipe)
        else:
            self.side = LearningSide(self.config, shape, self.batches, recipe)

    def learn(self, until: int, weights: str) -> dict[str, float]:
        """Train until so many steps are done, and write the weights to a file."""
        began = time.perf_counter()
        for number in range(self.done, until):
            used, epoch = number / self.steps, self.batches.epoch(number * self.config.accumulate)
            self.side.step(number, self.config.learning_rate * self.schedule.factor(used, epoch), used)
        losses = self.side.take_losses()
        seconds, self.done = time.perf_counter() - began, until
        np.savez(weights, **self.side.weights())
        return {"seconds": seconds, "train_loss": float(np.mean(losses))}


def main() -> None:
    """Answer each line."""
    try:
        training = Training(Recipe(**json.loads(sys.stdin.readline())))
        print(json.dumps({"name": training.side.name}), flush=True)
        for line in sys.stdin:
            print(json.dumps(training.learn(**json.loads(line))), flush=True)
    except CharrnnError as error:
        print(json.dumps({"error": str(error)}), flush=True)


if __name__ == "__main__":
    main()
