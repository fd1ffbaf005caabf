"""Units of loss. In the whole program, `loss` is mean nats per character."""

import math
from typing import Any


def bits_per_char(loss: float) -> float:
    """The loss in bits per character."""
    return loss / math.log(2)


def perplexity(loss: float) -> float:
    """The number of equally likely characters that are as hard to guess."""
    return math.exp(min(loss, 700.0))  # limited, because JSON has no infinity


def smooth_targets(xp: Any, dlogits: Any, targets: Any, smoothing: float) -> None:
    """Apply label smoothing to dlogits (N, V), the gradient (softmax - one-hot) / N, in place.

    `smoothing` is the probability that each target spreads evenly over all V characters (Szegedy et al. 2016).
    """
    count, vocab_size = dlogits.shape
    dlogits[xp.arange(count), targets] += smoothing / count
    dlogits -= smoothing / (count * vocab_size)
