"""Divergence that stays finite, and the return to the last good checkpoint at half the learning rate."""

import math
from dataclasses import replace

from charrnn.errors import CheckpointError, DivergedError
from charrnn.network.shape import Shape
from charrnn.runs import checkpoint
from charrnn.runs.model import load_parameters
from charrnn.training.events import Notice
from charrnn.training.setup import Setup

MOST_ROLLBACKS = 3
FAR = 10.0  # times the limit: no model that still learns is as wrong as that


class Limits:
    """Losses in nats per character that only a network gives which is worse than one that knows nothing.

    A network that knows nothing guesses with a loss of ln V. The limit leaves room for a bad start.
    """

    def __init__(self, vocab_size: int) -> None:
        self.guess = math.log(vocab_size)
        self.limit = 1.5 * self.guess + 0.2

    def is_far(self, loss: float) -> bool:
        """Whether the loss of a single update is out of all bounds; a network may recover from that."""
        return loss > FAR * self.limit

    def is_lost(self, train_loss: float, val_loss: float | None) -> bool:
        """Whether an evaluation found a network that has diverged.

        The validation loss shows its present state. It may be high by itself, where held-out text differs from what
        is learned, so the training loss since the last evaluation must be high, too.
        """
        if val_loss is None:
            return train_loss > self.limit
        return val_loss > self.limit and (train_loss > self.limit or self.is_far(val_loss))


def rolled_back(setup: Setup, error: DivergedError) -> tuple[Setup, Notice]:
    """The setup of a run that continues from its last checkpoint at half the rate, and a notice about that.

    Raises:
        DivergedError: the run does not want that, has done it MOST_ROLLBACKS times, or has no checkpoint.
    """
    if setup.config.on_divergence != "rollback":
        raise error
    try:
        saved = checkpoint.load(setup.run.last)
    except CheckpointError:
        raise error from None
    progress = saved.progress
    if setup.resume:  # it may have diverged again before anything was saved
        progress.rollbacks = setup.resume.progress.rollbacks
    if len(progress.rollbacks) >= MOST_ROLLBACKS:
        raise DivergedError(f"{error}; it was rolled back {MOST_ROLLBACKS} times") from error
    reason = str(error).split("; ")[0]
    rate = setup.config.learning_rate * progress.rate_factor / 2
    rollback = {"to_step": progress.step, "learning_rate": rate, "reason": reason}
    progress.rollbacks = [*progress.rollbacks, rollback]
    setup.run.forget_metrics_after(progress)
    shape = Shape.of(setup.config, setup.tokens.vocabulary.size)
    params = load_parameters(shape, setup.backend, saved.weights)
    notice = Notice(f"{reason}; it continues from step {progress.step} at half the rate, {rate:g}")
    return replace(setup, params=params, resume=saved), notice
