"""Units of loss. Everywhere in the program `loss` is mean nats per character."""

import math
from typing import Any


def bits_per_char(loss: float) -> float:
    """The loss in bits per character."""
    return loss / math.log(2)


def perplexity(loss: float) -> float:
    """The number of equally likely characters that would be as hard to guess."""
    return math.exp(min(loss, 700.0))  # JSON has no infinity


def smooth_targets(xp: Any, dlogits: Any, targets: Any, smoothing: float) -> None:
    """Turn the gradient (softmax - one-hot) / N, in place, into that of targets with label smoothing.

    dlogits (N, V); `smoothing` is the share of each target that all V characters get alike (Szegedy et al. 2016).
    """
    count, vocab_size = dlogits.shape
    dlogits[xp.arange(count), targets] += smoothing / count
    dlogits -= smoothing / (count * vocab_size)
