"""A training run that is ready to start, and the notices that the user gets first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from charrnn.config import Config
from charrnn.errors import CharrnnError, DivergedError
from charrnn.kernels.choice import Choice
from charrnn.network.shape import Shape
from charrnn.runs.new import NewRun
from charrnn.session.kind import Taken
from charrnn.text.files.source import Source
from charrnn.text.parts.records import separator_of
from charrnn.text.streams.ramp import Ramp
from charrnn.text.tokens import Tokens
from charrnn.training import budget
from charrnn.training.budget import Budget
from charrnn.training.divergence import rolled_back
from charrnn.training.events import Event, Notice, Started
from charrnn.training.setup import Setup
from charrnn.training.trainer import Trainer


@dataclass(frozen=True)
class Session:
    """A trainer's setup, and the notices that the user gets before it starts.

    new: the folder of a new run. source, taken: the text of a new run, and what it was taken for.
    """

    setup: Setup
    started: Started
    notices: list[Notice]
    new: NewRun | None = None
    source: Source | None = None
    taken: Taken | None = None

    def run(self, interrupted: Callable[[], bool]) -> Iterator[Event]:
        """Yield all events: the notices, then the training.

        If it fails before anything is saved, as when a GPU runs out of memory at the first step, a run that was moved
        aside is put back.
        """
        run = self.setup.run
        try:
            trainer = Trainer(self.setup, interrupted)
            yield from self.notices
            yield self.started
            yield from self._train(trainer)
        except (CharrnnError, MemoryError, OSError, RuntimeError):
            if self.new and self.new.moved and not run.last.is_file():
                self.new.discard()
                yield Notice(f"the run that was there before is {run.folder} again")
            raise

    def _train(self, trainer: Trainer) -> Iterator[Event]:
        """Run the trainer, and after a divergence another one that begins with an earlier state."""
        while True:
            try:
                yield from trainer.run()
                return
            except DivergedError as error:
                if trainer.interrupted():
                    raise
                setup, notice = rolled_back(trainer.setup, error)
            yield notice
            trainer = Trainer(setup, trainer.interrupted)


def ready(setup: Setup, choice: Choice, notices: Sequence[Notice], new: NewRun | None = None) -> Session:
    """The session of a setup."""
    config, tokens = setup.config, setup.tokens
    shape, length = Shape.of(config, tokens.vocabulary.size), budget_of(config, tokens)
    done = setup.resume.progress if setup.resume else None
    started = Started(
        run=setup.run.folder,
        corpus=setup.text.description,
        train_chars=len(tokens.train),
        val_chars=len(tokens.val),
        vocab_size=tokens.vocabulary.size,
        bytes=config.bytes,
        model=str(shape),
        parameters=shape.size,
        device=setup.backend.description,
        kernel=choice.kernels.name,
        precision=choice.kernels.precision,
        why_not_faster="; ".join(choice.passed_over(config)) or None,
        budget=length.text,
        preset=setup.preset,
        resumed_step=done.step if done else None,
    )
    used_up = []
    if done and length.progress(done.step, done.seconds) == 1:
        used_up.append(
            Notice(
                f"the budget of {length.text} is used up at step {done.step}; a larger --epochs, --steps or --minutes "
                "trains on"
            )
        )
    return Session(setup, started, [*notices, *used_up], new)


def budget_of(config: Config, tokens: Tokens) -> Budget:
    """How long a run of these settings trains on this text."""
    return budget.build(config, Ramp(config, tokens.train, separator_of(config, tokens.vocabulary)).per_epoch)
