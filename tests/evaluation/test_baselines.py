"""N-gram counts and compression, compared with a version that reads like the definition."""

import math
from collections import Counter

import numpy as np
import pytest

from charrnn.evaluation.baselines import baselines, ngram_loss, xz_loss
from charrnn.text.vocabulary import Vocabulary


def chance(text: list[int], order: int, vocab_size: int, context: tuple, symbol: int) -> float:
    """Interpolated Kneser-Ney from dictionaries; `text` begins with a full context of start symbols."""
    if order == 0:
        return 1 / vocab_size
    longest = text.count(vocab_size) + 1
    ends = range(longest - 1, len(text))
    if order == longest:
        grams = Counter(tuple(text[end - order + 1 : end + 1]) for end in ends)
    else:
        grams = Counter(longer[1:] for longer in {tuple(text[end - order : end + 1]) for end in ends})
    once, twice = (sum(count == n for count in grams.values()) for n in (1, 2))
    discount = once / (once + 2 * twice) if once else 0.5
    after = {gram[-1]: count for gram, count in grams.items() if gram[:-1] == context}
    lower = chance(text, order - 1, vocab_size, context[1:], symbol)
    if not after:
        return lower
    kept = max(after.get(symbol, 0) - discount, 0)
    return (kept + discount * len(after) * lower) / sum(after.values())


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_ngrams_are_those_of_the_definition(order: int) -> None:
    rng, vocab_size = np.random.default_rng(order), 4
    train, text = rng.integers(0, 3, 60), rng.integers(0, vocab_size, 25)  # one symbol was never seen
    start = [vocab_size] * (order - 1)
    padded, learned = start + text.tolist(), start + train.tolist()
    nats = []
    for place in range(order, len(padded)):
        context = tuple(padded[place - order + 1 : place])
        every = [chance(learned, order, vocab_size, context, symbol) for symbol in range(vocab_size)]
        assert sum(every) == pytest.approx(1)
        nats.append(-math.log(every[padded[place]]))
    assert ngram_loss(train, text, vocab_size, order) == pytest.approx(np.mean(nats))


def test_a_learned_text_costs_next_to_nothing() -> None:
    rng = np.random.default_rng(0)
    text = "".join(chr(97 + n) for n in rng.integers(0, 26, 20_000))
    text = text.encode()
    assert xz_loss(text, text, len(text)) < 0.05
    other = bytes(97 + n for n in rng.integers(0, 26, 20_000).tolist())
    assert math.log(26) < xz_loss(text, other, len(other)) < math.log(26) + 0.3


def test_both_baselines_of_a_text() -> None:
    vocabulary = Vocabulary("ab\n")
    ids = vocabulary.encode("abab\n" * 200)
    losses = baselines(ids, ids[:50], vocabulary)
    assert set(losses) == {"6-gram", "xz -9"} and max(losses.values()) < 1


def test_bytes_are_compressed_as_they_are() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 40_000).astype(np.uint8)
    loss = baselines(noise[:20_000], noise[20_000:], Vocabulary(None))["xz -9"]
    assert math.log(256) <= loss < math.log(256) + 0.1
