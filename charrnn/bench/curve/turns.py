"""Two sides learn the same text, each in a fresh process, a piece of the training each in turn.

What else the machine does so meets both. Between pieces the weights of both are evaluated here, by the same code; that
time counts for neither.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.bench.job import environment
from charrnn.config import Config
from charrnn.device.backend import Backend
from charrnn.errors import BackendError
from charrnn.evaluation.score import Evaluator
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network.shape import Shape, initial_parameters
from charrnn.text.tokens import Tokens

POINTS = 20  # and as many points of each curve
_WORKER = [sys.executable, "-m", "charrnn.bench.curve.worker"]


@dataclass(frozen=True)
class Recipe:
    """What a worker process is told at its start. `folder` holds the text as ids; `variant` is one of torch's."""

    side: str
    device: str
    config: dict[str, Any]
    vocabulary: dict[str, Any]
    folder: str
    steps: int
    variant: str = ""


@dataclass(frozen=True)
class Point:
    """After so many steps and seconds of training: losses in nats per character, `train_loss` since the last point."""

    steps: int
    seconds: float
    train_loss: float
    val_loss: float


@dataclass(frozen=True)
class Curve:
    """How a side learned."""

    name: str
    variant: str
    points: tuple[Point, ...]


class WeightsEvaluator:
    """Evaluates weights that a side has written."""

    def __init__(self, config: Config, tokens: Tokens, backend: Backend, kernels: ReferenceKernels) -> None:
        shape = Shape.of(config, tokens.vocabulary.size)
        self._backend, self._ids = backend, tokens.val[: config.eval_chars + 1]
        self._params = initial_parameters(shape, backend, np.random.default_rng(config.seed))
        self._evaluator = Evaluator(shape, self._params, backend, kernels, len(self._ids))

    def loss(self, path: Path) -> float:
        """On the held-out text, the state carried through it."""
        with np.load(path) as weights:
            for name, view in self._params.items():
                view[...] = self._backend.to_device(weights[name])
        return self._evaluator.score(self._ids).loss


def take_turns(
    recipes: tuple[Recipe, Recipe], evaluator: WeightsEvaluator, note: Callable[[str], None]
) -> tuple[Curve, Curve]:
    """A piece of the first side's training, a piece of the second's; a piece of the first's, ...

    Raises:
        BackendError: a side does not work.
    """
    steps = recipes[0].steps
    ends = sorted({-(-steps * piece // POINTS) for piece in range(1, POINTS + 1)})
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
    """A side in its process."""

    def __init__(self, recipe: Recipe, weights: Path, process: subprocess.Popen) -> None:
        self.recipe, self._weights, self._process = recipe, weights, process
        self.name = self._ask(asdict(recipe))["name"]
        self.points: list[Point] = []

    def learn(self, until: int, evaluator: WeightsEvaluator) -> None:
        """Train until so many steps are done, and evaluate."""
        answer = self._ask({"until": until, "weights": str(self._weights)})
        before = self.points[-1].seconds if self.points else 0.0
        loss = evaluator.loss(self._weights)
        self.points.append(Point(until, before + answer["seconds"], answer["train_loss"], loss))

    def curve(self) -> Curve:
        """All that it learned."""
        return Curve(self.name, self.recipe.variant, tuple(self.points))

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        try:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            said = self._process.stderr.read().strip().splitlines()
            raise BackendError(f"{self.recipe.side} failed: {(said or ['its process ended'])[-1]}") from None
        if "error" in answer:
            raise BackendError(f"{self.recipe.side} failed: {answer['error']}")
        return answer


@contextmanager
def _started(recipe: Recipe, number: int) -> Iterator[_SideProcess]:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(_WORKER, env=environment(), text=True, **pipes) as process:
        try:
            yield _SideProcess(recipe, Path(recipe.folder, f"side{number}.npz"), process)
        finally:
            process.kill()
