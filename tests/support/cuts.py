"""Splits arrays of ids."""

from tempfile import TemporaryFile

import numpy as np

from charrnn.config import Config
from charrnn.text.parts.repeats import ONCE, Repeats
from charrnn.text.parts.split import split


def cut(
    ids: np.ndarray,
    config: Config,
    separator: np.ndarray,
    fractions: tuple[float, float] | None = None,
    repeats: Repeats = ONCE,
) -> tuple[np.ndarray, ...]:
    """The parts of `ids` as arrays; the fractions are those of `config` by default."""
    fractions = (config.val_fraction, config.test_fraction) if fractions is None else fractions
    with TemporaryFile() as scratch:
        parts = split(ids, config, separator, fractions, scratch=scratch, repeats=repeats)
        found = tuple(np.concatenate([ids[:0], *part.blocks()]) for part in parts)
    assert all(part.dtype == ids.dtype for part in found)
    return found
