"""Splits and orders of small lists stay what they were: recorded results and resumed runs depend on them."""

import hashlib

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.text.streams.ramp import Ramp
from tests.support.cuts import cut


def names(lines: int) -> np.ndarray:
    """A sorted list with copies, empty lines and no newline at its end, as ids."""
    rng = np.random.default_rng(5)
    syllables = np.array(["ka", "lo", "mi", "ra", "te", "su", "no", "bi", "dra", "el", "on", "ar", "th", "ing", "er"])
    found = ["".join(rng.choice(syllables, rng.integers(1, 4))) for _ in range(lines)]
    return np.frombuffer("\n".join(["", "", *sorted(found)]).encode(), np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("how", "lengths", "recorded"),
    [
        ("unique-lines", (15546, 974, 500), "5f7ccbabb0ade3401c6777b657a15c894b0c40f0a81ae19789a9c2793aeaa339"),
        ("lines", (22342, 2594, 1309), "b9ca18cf3860bbae9344c037d8d03f0ee321efa6ee9f843a9172b1f5ad983aca"),
    ],
)
def test_parts_and_epochs_are_the_recorded_ones(how, lengths, recorded, dtype):
    config = Config(split=how, seed=3, batch_size=4, batch_ramp=2, seq_len=100)
    separator = np.array([10], dtype)
    parts = cut(names(5000).astype(dtype), config, separator, (0.1, 0.05))
    assert tuple(map(len, parts)) == lengths
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.astype(np.uint8).tobytes())
    ramp = Ramp(config, parts[0], separator)
    for number in range(3 * ramp._stages[0].per_epoch):
        digest.update(ramp.chunk(number).inputs.astype(np.uint8).tobytes())
    assert digest.hexdigest() == recorded
