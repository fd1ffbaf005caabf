"""Holding out parts of a text from training, to measure what was learned rather than remembered."""

from collections.abc import Iterable
from itertools import compress, pairwise
from typing import NamedTuple

import numpy as np

from charrnn.config import LISTS


class Parts(NamedTuple):
    """The ids to learn from, to choose settings and checkpoints by, and to measure the final choice; see `split`."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def split(
    ids: np.ndarray,
    how: str,
    val_fraction: float,
    test_fraction: float = 0.0,
    *,
    seed: int,
    batch_size: int,
    newline: int | None,
) -> Parts:
    """Split `ids` into parts; `how` is one of `charrnn.config.SPLITS`.

    ids: (characters,), possibly memory-mapped. 'contiguous' gives views, 'interleaved' copies. Splitting into lines
    temporarily makes an object of each line, which for a list of names takes many times the memory of the list. If a
    part with a fraction above 0 had fewer than two characters, nothing is held out, but lines are still shuffled.
    """
    fractions = (val_fraction, test_fraction)

    def parts(fractions: tuple[float, float]) -> Parts:
        if how in LISTS:
            return _lines(ids, fractions, seed, newline, unique=how == "unique-lines")
        if how == "interleaved" and any(fractions):
            return _interleaved(ids, fractions, batch_size)
        return _tails(ids, fractions)

    found = parts(fractions)
    wanted = [part for part, fraction in zip(found[1:], fractions, strict=True) if fraction]
    return found if all(len(part) > 1 for part in (found.train, *wanted)) else parts((0.0, 0.0))


def _tails(ids: np.ndarray, fractions: tuple[float, float]) -> Parts:
    """Cut the last axis of `ids`: head, validation, test."""
    length = ids.shape[-1]
    val, test = (round(length * fraction) for fraction in fractions)
    head = length - val - test
    return Parts(*np.split(ids, [head, head + val], axis=-1))


def _lines(ids: np.ndarray, fractions: tuple[float, float], seed: int, newline: int | None, *, unique: bool) -> Parts:
    """Hold out a random fraction of the lines; `unique` takes each different line once and keeps it out of training.

    Without `unique` a line that occurs twice may be both learned and held out, as in makemore. All parts are shuffled,
    and every line ends with a newline. A list is often sorted, and a model that carries its state from line to line
    would guess the first letter of a line from the line before, which lowers the loss but is not knowledge of names.
    The empty line is never held out.
    """
    if newline is None:
        return Parts(ids, ids[:0], ids[:0])
    if ids[-1:] != newline:
        ids = np.append(ids, ids.dtype.type(newline))
    ends = (np.flatnonzero(ids == newline) + 1) * ids.itemsize
    text = ids.tobytes()
    lines = [text[start:end] for start, end in pairwise([0, *ends.tolist()])]
    rng = np.random.default_rng(seed)
    lines = [lines[index] for index in rng.permutation(len(lines))]
    candidates = [line for line in (dict.fromkeys(lines) if unique else lines) if len(line) > ids.itemsize]
    val, test = (round(len(candidates) * fraction) for fraction in fractions)
    held_out = candidates[: val + test]
    if unique:
        chosen = set(held_out)
        learned: Iterable[bytes] = [line for line in lines if line not in chosen]
    else:
        full = np.array([len(line) > ids.itemsize for line in lines])
        learned = compress(lines, ~full | (np.cumsum(full) > val + test))
    parts = (learned, held_out[:val], held_out[val:])
    return Parts(*(np.frombuffer(b"".join(part), ids.dtype) for part in parts))


def _interleaved(ids: np.ndarray, fractions: tuple[float, float], batch_size: int) -> Parts:
    """Hold out the end of each of `batch_size` equal streams and drop the remainder, as char-rnn does.

    The training part is the heads of the streams in order, so that cutting it into `batch_size` streams gives these
    heads again.
    """
    length = len(ids) // batch_size
    streams = ids[: batch_size * length].reshape(batch_size, length)
    return Parts(*(part.ravel() for part in _tails(streams, fractions)))
