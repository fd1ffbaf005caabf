"""A training that is ready to start, and what there is to tell before it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from charrnn.config import Config
from charrnn.errors import CharrnnError
from charrnn.kernels.choice import Choice
from charrnn.network.shape import Shape
from charrnn.text.ramp import Ramp
from charrnn.text.tokens import Tokens
from charrnn.training.budget import Budget
from charrnn.training.events import Event, Notice, Started
from charrnn.training.trainer import Setup, Trainer


@dataclass
class Session:
    """A trainer's setup, and what there is to tell before it starts. `moved` is where --force moved another run."""

    setup: Setup
    started: Started
    notices: list[Notice]
    moved: Path | None = None

    def run(self, interrupted: Callable[[], bool]) -> Iterator[Event]:
        """All events: what was noticed, then the training.

        If it fails before anything is saved, as a GPU's memory does at the first step, a run that was moved aside is
        put back.
        """
        run = self.setup.run
        try:
            trainer = Trainer(self.setup, interrupted)
            yield from (*self.notices, self.started)
            yield from trainer.run()
        except (CharrnnError, MemoryError, OSError, RuntimeError):
            if self.moved and not run.last.is_file():
                run.discard(self.setup.lock, self.moved)
                yield Notice(f"the run that was there before is {run.folder} again")
            raise


def ready(setup: Setup, choice: Choice, notices: list[Notice], moved: Path | None = None) -> Session:
    """The session of a setup, with what there is to tell of it."""
    config, tokens = setup.config, setup.tokens
    shape = Shape.of(config, tokens.vocabulary.size)
    budget = budget_of(config, tokens)
    done = setup.resume.progress if setup.resume else None
    if done and budget.progress(done.step, done.seconds) == 1:
        notices.append(
            Notice(
                f"nothing is left of {budget.text} at step {done.step}; more --epochs, --steps or --minutes train on"
            )
        )
    started = Started(
        run=setup.run.folder,
        corpus=setup.description["corpus"]["description"],
        train_chars=len(tokens.train),
        val_chars=len(tokens.val),
        vocab_size=tokens.vocabulary.size,
        bytes=config.bytes,
        model=str(shape),
        parameters=shape.size,
        device=setup.backend.description,
        kernel=choice.kernels.name,
        precision=choice.kernels.precision,
        why_not_faster="; ".join(choice.refusals) or None,
        budget=budget.text,
        preset=setup.description["preset"],
        resumed_step=done.step if done else None,
    )
    return Session(setup, started, notices, moved)


def budget_of(config: Config, tokens: Tokens) -> Budget:
    """How long a run of this text is."""
    return Budget.of(config, Ramp(config, tokens.train, tokens.vocabulary.newline).per_epoch)
