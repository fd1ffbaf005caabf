"""The worker process of one side of a loss curve; see `charrnn.bench.curve.turns`.

It reads lines of JSON from standard input and answers each with one line: first the recipe, then how far to train.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np

from charrnn.bench.curve.turns import Piece, Recipe
from charrnn.bench.job import TORCH
from charrnn.config import Config
from charrnn.device.backend import open_backend
from charrnn.errors import CharrnnError, CorpusError
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape, initial_parameters
from charrnn.text.parts.records import separator_of
from charrnn.text.streams.ramp import Ramp
from charrnn.text.tokens import load_tokens
from charrnn.text.vocabulary import Vocabulary
from charrnn.training import schedules
from charrnn.training.learner import Learner


class LearnsText(Protocol):
    """A side that learns a text: LearningSide or TorchLearner."""

    name: str

    def step(self, number: int, rate: float, used: float) -> None:
        """Update the weights; `number` counts updates from 0, `used` is the share of the budget used so far."""

    def take_losses(self) -> list[float]:
        """Losses of the steps since the last call, in nats per character; waits for the device."""

    def weights(self) -> dict[str, np.ndarray]:
        """The weights to evaluate, by name."""


class LearningSide:
    """charrnn's side: it updates the weights as `charrnn.training.trainer` does."""

    def __init__(self, config: Config, shape: Shape, batches: Ramp, recipe: Recipe) -> None:
        self.config = config
        self.batches = batches
        self.backend = open_backend(recipe.device)
        kernels = build(self.backend, recipe.side, recipe.threads, config.precision).kernels
        params = initial_parameters(shape, self.backend, np.random.default_rng(config.seed))
        self.learner = Learner(config, shape, params, self.backend, kernels, batches)
        self.name = f"charrnn {kernels.name}"
        self._averaged = 0
        self._losses: list[float] = []

    def step(self, number: int, rate: float, used: float) -> None:
        """See `LearnsText.step`."""
        self.learner.advance(number, used)
        self.learner.apply(self.learner.gradients(number), rate, number + 1)
        if self.learner.average:
            self._averaged = self.learner.average.update(self._averaged, used)
        if self.learner.ledger.full:
            self._losses += [measured.loss for measured in self.learner.ledger.take()]

    def take_losses(self) -> list[float]:
        """See `LearnsText.take_losses`."""
        losses = self._losses + [measured.loss for measured in self.learner.ledger.take()]
        self._losses = []
        return losses

    def weights(self) -> dict[str, np.ndarray]:
        """See `LearnsText.weights`."""
        return {name: self.backend.to_host(view) for name, view in self.learner.model.items()}


class Training:
    """A side's training and how far it has come."""

    def __init__(self, recipe: Recipe) -> None:
        self.config = Config(**recipe.config)
        vocabulary = Vocabulary.from_dict(recipe.vocabulary)
        tokens = load_tokens(Path(recipe.folder), vocabulary)
        if tokens is None:
            raise CorpusError(f"the encoded text in {recipe.folder} is missing or damaged")
        self.batches = Ramp(self.config, tokens.train, separator_of(self.config, vocabulary))
        self.schedule = schedules.build(self.config)
        self.steps = recipe.steps
        self.done = 0
        self.side = self._side(Shape.of(self.config, vocabulary.size), recipe)

    def _side(self, shape: Shape, recipe: Recipe) -> LearnsText:
        if recipe.side != TORCH:
            return LearningSide(self.config, shape, self.batches, recipe)
        from charrnn.bench.curve.torch_learner import TorchLearner

        return TorchLearner(self.config, shape, self.batches, recipe)

    def learn(self, until: int, weights: str) -> Piece:
        """Train until `until` steps are done, and write the weights to the file `weights`."""
        began = time.perf_counter()
        for number in range(self.done, until):
            used, epoch = number / self.steps, self.batches.epoch(number * self.config.accumulate)
            self.side.step(number, self.config.learning_rate * self.schedule.factor(used, epoch), used)
        losses = self.side.take_losses()
        seconds = time.perf_counter() - began
        self.done = until
        np.savez(weights, **self.side.weights())  # type: ignore[arg-type]  # its stub takes weights for allow_pickle
        return Piece(seconds, float(np.mean(losses)))


def main() -> None:
    """Answer each line."""
    try:
        training = Training(Recipe(**json.loads(sys.stdin.readline())))
        print(json.dumps({"name": training.side.name}), flush=True)
        for line in sys.stdin:
            print(json.dumps(asdict(training.learn(**json.loads(line)))), flush=True)
    except CharrnnError as error:
        print(json.dumps({"error": str(error)}), flush=True)


if __name__ == "__main__":
    main()
