"""Units of loss. Everywhere in the program `loss` is mean nats per character."""

import math


def bits_per_char(loss: float) -> float:
    """The loss in bits per character."""
    return loss / math.log(2)


def perplexity(loss: float) -> float:
    """The number of equally likely characters that would be as hard to guess."""
    return math.exp(min(loss, 700.0))
