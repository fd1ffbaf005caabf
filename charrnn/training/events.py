"""Events of a training run, in the order in which they happen; `charrnn.view` shows them.

Losses are mean nats per character. `progress` goes from 0 to 1 over the budget.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Notice:
    """Something the user should know that is not an error: a shrunk batch, kept CRLF line ends."""

    text: str


@dataclass(frozen=True)
class Started:
    """The run is set up; training begins or continues."""

    run: Path
    corpus: str
    train_chars: int
    val_chars: int
    vocab_size: int
    bytes: bool  # the symbols are bytes, not characters
    model: str
    parameters: int
    device: str
    kernel: str
    why_not_faster: str | None
    budget: str
    preset: str | None
    resumed_step: int | None
    precision: str = "float32"  # precision of matrix products


@dataclass(frozen=True)
class Step:
    """One update of the weights."""

    step: int
    epoch: float
    progress: float
    loss: float  # loss of this step's chunks, before the update
    grad_norm: float  # before clipping
    learning_rate: float
    chars_per_second: float  # smoothed
    seconds_left: float | None


@dataclass(frozen=True)
class Evaluated:
    """The model was evaluated on the held-out text."""

    step: int
    epoch: float
    seconds: float  # since the run began, interruptions left out
    train_loss: float  # mean since the last evaluation
    val_loss: float | None  # None if nothing is held out
    best: bool


@dataclass(frozen=True)
class Sampled:
    """A short sample from the current model."""

    step: int
    text: str


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written."""

    step: int
    path: Path


@dataclass(frozen=True)
class Finished:
    """The run ended: `reason` is 'done', 'early stop' or 'interrupted'."""

    reason: str
    step: int
    epoch: float
    seconds: float
    best_val_loss: float | None
    best_step: int | None
    ahead_of_best: bool = False  # the last checkpoint has later steps than the best one, and they were not evaluated


Event = Notice | Started | Step | Evaluated | Sampled | Saved | Finished
