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
    """Hold out a random share of the different lines, each once; training keeps all others, repeats too.

    Both parts are shuffled, and every line ends with a newline: a list is often sorted, and a model that carries its
    state from line to line would guess the next line's first letter from the last one's, which is no knowledge of
    names (0.17 nats on a list of 32,000 names). The empty line is never held out.
    """
    if newline is None:
        return ids, ids[:0]
    if ids[-1:] != newline:
        ids = np.append(ids, ids.dtype.type(newline))
    ends = (np.flatnonzero(ids == newline) + 1) * ids.itemsize
    text = ids.tobytes()
    lines = [text[start:end] for start, end in pairwise([0, *ends.tolist()])]
    candidates = [line for line in dict.fromkeys(lines) if len(line) > ids.itemsize]
    rng = np.random.default_rng(seed)
    held_out = [candidates[index] for index in rng.permutation(len(candidates))[: round(len(candidates) * fraction)]]
    chosen = set(held_out)
    learned = [lines[index] for index in rng.permutation(len(lines)) if lines[index] not in chosen]
    return np.frombuffer(b"".join(learned), ids.dtype), np.frombuffer(b"".join(held_out), ids.dtype)


def _interleaved(ids: np.ndarray, fraction: float, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the end of each of `batch_size` equal streams, as char-rnn does; the remainder is dropped, as there.

    The training part is the streams' heads in order, so cutting it into `batch_size` streams gives these heads again.
    """
    length = len(ids) // batch_size
    streams = ids[:batch_size * length].reshape(batch_size, length)
    head = length - round(length * fraction)
    return streams[:, :head].ravel(), streams[:, head:].ravel()
