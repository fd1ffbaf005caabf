"""Ranks the lines or the records of a text by how well a model predicts them."""

from dataclasses import dataclass

import numpy as np

from charrnn.errors import ConfigError
from charrnn.evaluation.score import score_records
from charrnn.evaluation.units import bits_per_char
from charrnn.hints import OnProgress
from charrnn.runs.model import Model
from charrnn.text.known_records import before_text, record_end, split_at


@dataclass(frozen=True)
class RankedLine:
    """A line, or a record, and its mean loss; `chars` counts its end, too."""

    line: str
    loss: float
    bits_per_char: float
    chars: int


def rank_lines(model: Model, ids: np.ndarray, progress: OnProgress | None = None) -> list[RankedLine]:
    """The lines of the text `ids` that are not empty, most likely first.

    Raises:
        ConfigError: the model does not know line ends.
    """
    if model.vocabulary.newline is None:
        raise ConfigError(f"{model.path} learned from a text without line ends, and cannot score single lines")
    return _rank(model, ids, np.array([model.vocabulary.newline], ids.dtype), progress)


def rank_records(model: Model, ids: np.ndarray, progress: OnProgress | None = None) -> list[RankedLine]:
    """The records of the text `ids` that are not empty, most likely first; those of a list are its lines.

    Raises:
        ConfigError: the model did not learn records.
    """
    if not record_end(model.config, model.vocabulary):
        raise ConfigError(f"{model.path} learned a text without records; train TEXT --as records learns them whole")
    return _rank(model, ids, before_text(model.config, model.vocabulary), progress)


def _rank(model: Model, ids: np.ndarray, end: np.ndarray, progress: OnProgress | None) -> list[RankedLine]:
    """What stands between the ids `end`, most likely first."""
    records = [record for record in split_at(ids, end) if len(record)]
    scores = score_records(model.shape, model.params, model.backend, model.choice.kernels, records, end, progress)
    return [
        RankedLine(model.vocabulary.decode(record), score.loss, bits_per_char(score.loss), score.chars)
        for score, record in sorted(zip(scores, records, strict=True), key=lambda pair: pair[0].loss)
    ]
