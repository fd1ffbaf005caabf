"""How well a run predicts a text: the figures of `charrnn eval`."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from charrnn.errors import ConfigError, CorpusError
from charrnn.evaluation.baselines import baselines
from charrnn.evaluation.dynamic import Learning, dynamic_score
from charrnn.evaluation.score import Evaluator, Score
from charrnn.evaluation.units import bits_per_char, perplexity
from charrnn.hints import OnProgress, counted
from charrnn.runs.model import Model, load_parameters


@dataclass(frozen=True)
class LossFigures:
    """A loss in nats per character, and in other units."""

    loss: float
    bits_per_char: float
    perplexity: float

    @classmethod
    def of(cls, loss: float) -> "LossFigures":
        """The figures of a loss."""
        return cls(loss, bits_per_char(loss), perplexity(loss))


@dataclass(frozen=True)
class EvalReport:
    """The score of a model on a text. `baselines` is empty unless they were asked for."""

    model: str
    text: str
    dynamic: bool
    figures: LossFigures
    chars: int
    unknown: int  # characters of the text that the model does not know
    baselines: dict[str, LossFigures] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The report as `charrnn eval --json` prints it."""
        values = {
            "model": self.model,
            "text": self.text,
            "dynamic": self.dynamic,
            **asdict(self.figures),
            "chars": self.chars,
            "unknown": self.unknown,
        }
        beside = {name: asdict(figures) for name, figures in self.baselines.items()}
        return values | ({"baselines": beside} if beside else {})


def score_text(model: Model, ids: np.ndarray, learning: Learning | None, progress: OnProgress | None = None) -> Score:
    """The loss on the text `ids`; with `learning` the model keeps learning from it.

    Raises:
        ConfigError: `learning` needs what the run's optimizer did not store.
    """
    if learning is None:
        return Evaluator(model.shape, model.params, model.backend, model.choice.kernels, len(ids)).score(ids, progress)
    moments = model.checkpoint.moments.get("square_mean")
    if moments is None:
        raise ConfigError(
            f"--dynamic needs the mean squared gradients that adam, adamw and rmsprop keep; {model.path} "
            f"was trained with {model.config.optimizer}"
        )
    square_mean = load_parameters(model.shape, model.backend, moments)
    return dynamic_score(
        model.shape, model.params, square_mean, model.backend, model.choice.kernels, ids, learning, progress
    )


def score_baselines(model: Model, train: np.ndarray, ids: np.ndarray) -> dict[str, LossFigures]:
    """The figures of an n-gram model and a compressor on the text `ids`, both after the training text `train`."""
    return {name: LossFigures.of(loss) for name, loss in baselines(train, ids, model.vocabulary).items()}


def require_two(model: Model, ids: np.ndarray, text: str) -> None:
    """Raise CorpusError if there is nothing to predict: the first character is only read."""
    if len(ids) < 2:
        symbols = counted(len(ids), "byte" if model.config.bytes else "character")
        raise CorpusError(f"{text} has {symbols} that {model.path} knows; at least 2 are needed")
