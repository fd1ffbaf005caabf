"""Ranks the lines of a text by how well a model predicts them."""

from dataclasses import dataclass

import numpy as np

from charrnn.errors import ConfigError
from charrnn.evaluation.score import score_lines
from charrnn.evaluation.units import bits_per_char
from charrnn.hints import OnProgress
from charrnn.runs.model import Model


@dataclass(frozen=True)
class RankedLine:
    """A line and its mean loss; `chars` counts the line end, too."""

    line: str
    loss: float
    bits_per_char: float
    chars: int


def rank_lines(model: Model, ids: np.ndarray, progress: OnProgress | None = None) -> list[RankedLine]:
    """The lines of the text `ids` that are not empty, most likely first.

    Raises:
        ConfigError: the model does not know line ends.
    """
    newline = model.vocabulary.newline
    if newline is None:
        raise ConfigError(f"{model.path} learned from a text without line ends, and cannot score single lines")
    ended = np.split(ids, np.flatnonzero(ids == newline) + 1)
    lines = [line for each in ended if len(line := each[each != newline])]
    scores = score_lines(model.shape, model.params, model.backend, model.choice.kernels, lines, newline, progress)
    return [
        RankedLine(model.vocabulary.decode(line), score.loss, bits_per_char(score.loss), score.chars)
        for score, line in sorted(zip(scores, lines, strict=True), key=lambda pair: pair[0].loss)
    ]
