"""Baselines without a network: how well n-gram counts and a compressor predict a text, given the same training text."""

import lzma
import math

import numpy as np

from charrnn.text.vocabulary import Vocabulary

ORDER = 6
LAST_CHARS = 1 << 25  # characters of a training text; counting takes a few hundred bytes of memory for each


def baselines(train: np.ndarray, text: np.ndarray, vocabulary: Vocabulary) -> dict[str, float]:
    """Nats per character of `text` (M,), M > 1, by the name of each baseline, after `train` (N,); both are ids."""
    train = train[-LAST_CHARS:]
    return {
        f"{ORDER}-gram": ngram_loss(train, text, vocabulary.size),
        "xz -9": xz_loss(vocabulary.raw(train), vocabulary.raw(text), len(text)),
    }


def ngram_loss(train: np.ndarray, text: np.ndarray, vocab_size: int, order: int = ORDER) -> float:
    """Mean nats per character of `text` without its first, each predicted from the `order - 1` characters before it.

    Interpolated Kneser-Ney smoothing (Chen and Goodman 1999): a discount is subtracted from every count, and the
    probability that this frees is distributed by the next lower order. Lower orders count the contexts in which a
    character was seen, not how often it was.
    """
    start = np.full(order - 1, vocab_size)  # a symbol of its own, so that no context spans two texts
    ids = np.concatenate([start, train, start, text]).astype(np.int64)
    learned = slice(order - 1, order - 1 + len(train))
    read = slice(len(ids) - len(text) + 1, len(ids))
    grams = _grams(ids, order, vocab_size + 1)
    chance = np.full(len(text) - 1, 1 / vocab_size)
    for length in range(1, order + 1):
        gram, context = grams[length], _one_before(grams[length - 1])
        places = learned if length == order else _first_places(grams[length + 1], learned)
        counts = np.bincount(gram[places], minlength=gram.max() + 1)
        discount = _discount(counts)
        totals = np.bincount(context[places], minlength=context.max() + 1)[context[read]]
        kinds = np.bincount(context[_first_places(gram, learned)], minlength=context.max() + 1)[context[read]]
        finer = (np.maximum(counts[gram[read]] - discount, 0) + discount * kinds * chance) / np.maximum(totals, 1)
        chance = np.where(totals > 0, finer, chance)
    return max(0.0, float(-np.log(chance).mean()))  # rounding can make the loss of a certainty negative


def _grams(ids: np.ndarray, longest: int, symbols: int) -> list[np.ndarray]:
    """For every length up to `longest`, a number for the gram that ends at each place, equal for equal grams."""
    grams = [np.zeros(len(ids), np.int64)]
    for _ in range(longest):
        grams.append(np.unique(_one_before(grams[-1]) * symbols + ids, return_inverse=True)[1])
    return grams


def _one_before(gram: np.ndarray) -> np.ndarray:
    return np.concatenate([gram[:1], gram[:-1]])


def _first_places(gram: np.ndarray, learned: slice) -> np.ndarray:
    """The place in the training text where each gram occurs first."""
    first: np.ndarray = learned.start + np.unique(gram[learned], return_index=True)[1]
    return first


def _discount(counts: np.ndarray) -> float:
    """The discount, from the numbers of grams that were seen once and twice (Ney, Essen and Kneser 1994)."""
    once, twice = int(np.count_nonzero(counts == 1)), int(np.count_nonzero(counts == 2))
    return once / (once + 2 * twice) if once else 0.5


def xz_loss(train: bytes, text: bytes, chars: int) -> float:
    """Nats per character that `text`, of `chars` characters, adds to `train` when both are compressed by `xz -9`."""
    both, alone = (len(lzma.compress(each, preset=9)) for each in (train + text, train))
    return (both - alone) * 8 * math.log(2) / chars
