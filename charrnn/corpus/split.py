"""Which part of a text is held out of training, to measure what was learned rather than remembered."""

from itertools import pairwise

import numpy as np


def split(
    ids: np.ndarray, how: str, fraction: float, *, seed: int, batch_size: int, newline: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """The training and the held-out part of `ids`, in the way `how` of `charrnn.config.SPLITS`.

    ids: (characters,), possibly memory-mapped. 'contiguous' gives views; the others copy, and need a few
    times the memory of the text. Where either part would have fewer than two characters, all is for training and
    nothing held out.
    """
    if how == "unique-lines":
        train, val = _unique_lines(ids, fraction, seed, newline)
    elif how == "interleaved":
        train, val = _interleaved(ids, fraction, batch_size)
    else:
        train, val = np.split(ids, [len(ids) - round(len(ids) * fraction)])
    if min(len(train), len(val)) < 2:
        return ids, ids[:0]
    return train, val


def _unique_lines(ids: np.ndarray, fraction: float, seed: int, newline: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a random share of the different lines, each once; training keeps the others in order, repeats too.

    Every line of both parts ends with a newline. The empty line separates lines and is never held out.
    """
    if newline is None:
        return ids, ids[:0]
    if ids[-1:] != newline:
        ids = np.append(ids, ids.dtype.type(newline))
    ends = np.flatnonzero(ids == newline) + 1
    lengths = np.diff(ends, prepend=0)
    text, borders = ids.tobytes(), [0, *(ends * ids.itemsize).tolist()]
    numbers: dict[bytes, int] = {}  # different lines, numbered in the order in which they come
    number = np.array([numbers.setdefault(text[start:end], len(numbers)) for start, end in pairwise(borders)])
    first = np.diff(np.maximum.accumulate(number), prepend=-1) > 0

    candidates = np.array([each for line, each in numbers.items() if len(line) > ids.itemsize], dtype=np.intp)
    chosen = np.random.default_rng(seed).permutation(candidates)[:round(len(candidates) * fraction)]
    held_out = np.isin(number, chosen)
    return ids[np.repeat(~held_out, lengths)], ids[np.repeat(held_out & first, lengths)]


def _interleaved(ids: np.ndarray, fraction: float, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the end of each of `batch_size` equal streams, as char-rnn does; the remainder is dropped, as there.

    The training part is the streams' heads in order, so cutting it into `batch_size` streams gives these heads again.
    """
    length = len(ids) // batch_size
    streams = ids[:batch_size * length].reshape(batch_size, length)
    head = length - round(length * fraction)
    return streams[:, :head].ravel(), streams[:, head:].ravel()
