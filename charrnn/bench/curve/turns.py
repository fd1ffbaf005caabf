"""Two sides learn the same text, alternating in pieces of the training, each in its own process.

Alternating exposes both to whatever else the machine does. Between pieces this process evaluates the weights of both
sides with the same code; that time counts for neither.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.bench.job import environment
from charrnn.bench.match import Note
from charrnn.config import Config
from charrnn.device.backend import Backend
from charrnn.errors import BackendError
from charrnn.evaluation.score import Evaluator
from charrnn.kernels.protocol import Kernels
from charrnn.network.shape import Shape, initial_parameters
from charrnn.text.tokens import Tokens

POINTS = 20  # points of each curve, one after each piece of the training
_WORKER = [sys.executable, "-m", "charrnn.bench.curve.worker"]


@dataclass(frozen=True)
class Recipe:
    """The first message to a worker process: which side learns what, and how.

    config, vocabulary: as their to_dict gives them. folder: holds the text as ids. variant, threads: as in
    `charrnn.bench.job.Job`.
    """

    side: str
    device: str
    config: dict[str, Any]
    vocabulary: dict[str, Any]
    folder: str
    steps: int
    variant: str = ""
    threads: int | None = None


@dataclass(frozen=True)
class Piece:
    """A worker's answer: seconds of the steps since the last one, and their mean loss in nats per character."""

    seconds: float
    train_loss: float


@dataclass(frozen=True)
class Point:
    """State after `steps` steps and `seconds` of training.

    Losses are in nats per character; `train_loss` is the mean since the last point.
    """

    steps: int
    seconds: float
    train_loss: float
    val_loss: float


@dataclass(frozen=True)
class Curve:
    """A side's loss over the course of its training."""

    name: str
    variant: str
    points: tuple[Point, ...]


class WeightsEvaluator:
    """Evaluates the weights that a side wrote to a file, on the held-out text."""

    def __init__(self, config: Config, tokens: Tokens, backend: Backend, kernels: Kernels) -> None:
        shape = Shape.of(config, tokens.vocabulary.size)
        self._backend = backend
        self._ids = tokens.val[: config.eval_chars + 1]
        self._params = initial_parameters(shape, backend, np.random.default_rng(config.seed))
        self._evaluator = Evaluator(shape, self._params, backend, kernels, len(self._ids))

    def loss(self, path: Path) -> float:
        """Loss in nats per character, with the hidden state carried through the text."""
        with np.load(path) as weights:
            for name, view in self._params.items():
                view[...] = self._backend.to_device(weights[name])
        return self._evaluator.score(self._ids).loss


def take_turns(recipes: tuple[Recipe, Recipe], evaluator: WeightsEvaluator, note: Note) -> tuple[Curve, Curve]:
    """Let both sides learn, alternating after each piece; `note` is called with both losses after each.

    Raises:
        BackendError: a side does not work.
    """
    steps = recipes[0].steps
    ends = sorted({-(-steps * point // POINTS) for point in range(1, POINTS + 1)})
    with _started(recipes[0], 0) as first, _started(recipes[1], 1) as second:
        for end in ends:
            for side in (first, second):
                side.learn(end, evaluator)
            losses = (
                f"{side.name} {side.points[-1].val_loss:.4f} after {side.points[-1].seconds:.1f} s"
                for side in (first, second)
            )
            note(f"step {end} of {steps}: {', '.join(losses)}")
        return first.curve(), second.curve()


class _SideProcess:
    """A worker process that trains one side, and the points of its curve so far."""

    def __init__(self, recipe: Recipe, weights: Path, process: "subprocess.Popen[str]") -> None:
        assert process.stdin and process.stdout and process.stderr  # all three are pipes
        self._requests = process.stdin
        self._answers = process.stdout
        self._errors = process.stderr
        self._weights = weights
        self.recipe = recipe
        self.name = self._ask(asdict(recipe))["name"]
        self.points: list[Point] = []

    def learn(self, until: int, evaluator: WeightsEvaluator) -> None:
        """Train until `until` steps are done, and evaluate."""
        piece = Piece(**self._ask({"until": until, "weights": str(self._weights)}))
        before = self.points[-1].seconds if self.points else 0.0
        loss = evaluator.loss(self._weights)
        self.points.append(Point(until, before + piece.seconds, piece.train_loss, loss))

    def curve(self) -> Curve:
        """The curve so far."""
        return Curve(self.name, self.recipe.variant, tuple(self.points))

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
            answer = json.loads(self._answers.readline())
        except (OSError, ValueError):
            said = self._errors.read().strip().splitlines()
            raise BackendError(f"{self.recipe.side} failed: {(said or ['its process ended'])[-1]}") from None
        if "error" in answer:
            raise BackendError(f"{self.recipe.side} failed: {answer['error']}")
        return answer


@contextmanager
def _started(recipe: Recipe, number: int) -> Iterator[_SideProcess]:
    with subprocess.Popen(
        _WORKER,
        env=environment(),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield _SideProcess(recipe, Path(recipe.folder, f"side{number}.npz"), process)
        finally:
            process.kill()
