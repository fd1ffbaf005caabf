"""The training loop: when to update, evaluate, save and stop. The update itself is `charrnn.training.learner`.

`Trainer.run` is a generator of events and prints nothing. It can be stopped after any step; a run that resumes from
what it saves then ends with the same bytes as one that was never stopped, unless time is its budget.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.errors import CheckpointError, DivergedError
from charrnn.evaluation.score import Evaluator
from charrnn.evaluation.units import bits_per_char
from charrnn.files import Lock
from charrnn.kernels.protocol import Kernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint, Progress, TextRecord
from charrnn.runs.run import Run
from charrnn.sampling.opening import opening
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.parts.records import separator_of
from charrnn.text.streams.ramp import Ramp
from charrnn.text.tokens import Tokens
from charrnn.training import budget, schedules
from charrnn.training.budget import TimeBudget
from charrnn.training.events import Evaluated, Event, Finished, Notice, Sampled, Saved, Step
from charrnn.training.learner import Learner
from charrnn.training.pace import Pace
from charrnn.training.stopwatch import Stopwatch

SAVE_SECONDS = 60.0  # a power failure loses at most this much work
RISE = 0.3  # nats between evaluations; a healthy run rises by less than a tenth of that
RISE_STEPS = 20  # updates; the mean loss of fewer fluctuates too much
RELEASE_STEPS = 200  # updates between two releases of the pages of the memory-mapped text
SAMPLE = Filter(temperature=0.8)


@dataclass
class Setup:
    """Everything that a trainer is made from; see `charrnn.session`."""

    config: Config
    given_by: dict[str, str]  # which source gave a setting, unless it is a default
    preset: str | None
    text: TextRecord
    tokens: Tokens
    run: Run
    backend: Backend
    kernels: Kernels
    params: Flat
    resume: Checkpoint | None = None
    lock: Lock | None = None  # keeps other processes out of the run


class Trainer:
    """One run over one text."""

    def __init__(self, setup: Setup, interrupted: Callable[[], bool] = lambda: False) -> None:
        config, tokens = setup.config, setup.tokens
        self.setup = setup
        self.config = config
        self.tokens = tokens
        self.run_folder = setup.run
        self.backend = setup.backend
        self.kernels = setup.kernels
        self.params = setup.params
        self.interrupted = interrupted
        self.shape = Shape.of(config, tokens.vocabulary.size)
        self.batches = Ramp(config, tokens.train, separator_of(config, tokens.vocabulary))
        if setup.resume:
            self.batches.load(setup.resume.progress.ramp)
        self.budget = budget.build(config, self.batches.per_epoch)
        self.learner = Learner(config, self.shape, self.params, self.backend, self.kernels, self.batches)
        self.model = self.learner.model
        self.schedule = schedules.build(config)
        self.val = tokens.val[: config.eval_chars + 1]
        self.evaluator: Evaluator | None = None
        if len(self.val) > 1:
            self.evaluator = Evaluator(self.shape, self.model, self.backend, self.kernels, len(self.val))
        self.progress = Progress()
        if setup.resume:
            self._restore(setup.resume)
        self.stopwatch = Stopwatch(
            self.progress.seconds, self.budget.progress(self.progress.step, self.progress.seconds)
        )
        self.pace = Pace(
            config,
            self.budget,
            learned=self._chars_to_learn(),
            read=self.evaluator.chars_read(len(self.val)) if self.evaluator else 0,
        )
        self._evaluated_step = self.progress.step
        self._lowest_train_loss = math.inf  # lowest one of the evaluations so far
        self._rates: list[float] = []  # learning rates of the updates in the ledger

    def run(self) -> Iterator[Event]:
        """Train until the budget is used up, patience runs out, or `interrupted()`; yields events.

        Raises:
            DivergedError: the loss or a gradient is not finite; the last checkpoint is kept as it is.
        """
        reason, self.progress.ended = "done", None
        while self._used() < 1:
            self._update()
            if self.learner.ledger.full:
                yield from self._read_ledger()
            if self.pace.is_due(self.progress.step, self._used(), self.progress.evaluations, self.stopwatch):
                yield from self._evaluate()
                if self._out_of_patience():
                    reason = "early stop"
                    break
            if self.interrupted():
                yield from self._save()
                reason = "interrupted"
                break
            if self.stopwatch.since_save > SAVE_SECONDS:
                yield from self._save()
        yield from self._finish(reason)

    def _finish(self, reason: str) -> Iterator[Event]:
        """Evaluate and save what was learned since the last time, and release the lock of the run."""
        yield from self._read_ledger()
        progress = self.progress
        if reason == "done" and progress.loss_chars:  # there were updates since the last evaluation
            yield from self._evaluate()
        if reason != "interrupted":
            progress.ended = reason
            yield from self._save()
        if self.setup.lock:
            self.setup.lock.release()
        # If the last evaluation was the best so far, what was learned since is likely better still.
        ahead = progress.loss_chars > 0 and progress.best_step is not None and progress.since_best == 0
        yield Finished(
            reason, progress.step, self._epoch(), self.seconds(), progress.best_val_loss, progress.best_step, ahead
        )

    def seconds(self) -> float:
        """Time spent on this run, evaluations included, interruptions left out."""
        return self.stopwatch.seconds

    def _used(self) -> float:
        return self.budget.progress(self.progress.step, self.seconds())

    def _epoch(self) -> float:
        return self.learner.epoch(self.progress.step)

    def _chars_to_learn(self) -> float:
        """Characters that the whole run learns from, counted once an epoch; 0 if time is the budget."""
        if isinstance(self.budget, TimeBudget):
            return 0.0
        return self.budget.steps * self.config.accumulate / self.batches.per_epoch * len(self.tokens.train)

    @np.errstate(all="ignore")  # non-finite values are detected when the ledger is read, before they are used
    def _update(self) -> None:
        """Update the weights once; the measurements are in the ledger."""
        progress, config = self.progress, self.config
        used, epoch = self._used(), self._epoch()
        self.learner.advance(progress.step, used)
        self.stopwatch.update_begins()
        grads = self.learner.gradients(progress.step)
        self._rates.append(config.learning_rate * self.schedule.factor(used, epoch))
        progress.step += 1
        self.learner.apply(grads, self._rates[-1], progress.step)
        if self.learner.average:
            progress.averaged = self.learner.average.update(progress.averaged, used)
        if progress.step % RELEASE_STEPS == 0:
            self.tokens.release()

    def _read_ledger(self) -> Iterator[Step]:
        """Yield the updates since the last call; call it before using their results."""
        progress, measured, rates = self.progress, self.learner.ledger.take(), self._rates
        speeds = self.stopwatch.updates_ended([each.chars for each in measured])
        self._rates = []
        first = progress.step - len(measured) + 1
        for step, each, rate, speed in zip(range(first, progress.step + 1), measured, rates, speeds, strict=True):
            loss, norm, chars = each
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise self._diverged(step - 1, f"loss {loss:g}, gradient norm {norm:g}")
            progress.chars += chars
            progress.loss_sum += loss * chars
            progress.loss_chars += chars
            used = self.budget.progress(step, self.seconds())
            yield Step(
                step=step,
                epoch=self.learner.epoch(step),
                progress=used,
                loss=loss,
                grad_norm=norm,
                learning_rate=rate,
                chars_per_second=speed,
                seconds_left=self.stopwatch.seconds_left(used),
            )

    def _diverged(self, step: int, what: str) -> DivergedError:
        last = self.run_folder.last
        kept = f"{last} is kept as it was" if last.is_file() else "nothing was saved yet"
        return DivergedError(
            f"training diverged after step {step}: {what}; {kept}; try a lower --learning-rate "
            f"(now {self.config.learning_rate:g}) or a smaller --grad-clip (now {self.config.grad_clip:g})"
        )

    def _evaluate(self) -> Iterator[Event]:
        """Evaluate on the held-out text, save, and sample a text."""
        yield from self._read_ledger()
        self.stopwatch.evaluation_begins()
        progress = self.progress
        train_loss = progress.loss_sum / progress.loss_chars
        progress.evaluations += 1
        progress.loss_sum = 0.0
        progress.loss_chars = 0
        val_loss, best = self._validate()
        evaluated = Evaluated(progress.step, self._epoch(), self.seconds(), train_loss, val_loss, best)
        self.run_folder.append_metrics(_metrics(evaluated, progress.chars))
        yield from self._save()
        if best:
            self.checkpoint(self.model).save(self.run_folder.best)
        yield evaluated
        yield from self._watch(train_loss)
        if self.config.sample_length:
            yield Sampled(progress.step, self._sample())
        self.stopwatch.evaluation_ended()

    def _validate(self) -> tuple[float | None, bool]:
        """The validation loss, and whether it is the lowest so far; None if nothing is held out."""
        if not self.evaluator:
            return None, False
        progress, loss = self.progress, self.evaluator.score(self.val).loss
        if not math.isfinite(loss):
            raise self._diverged(progress.step, f"validation loss {loss:g}")
        self.schedule.observe(loss)
        if progress.best_val_loss is not None and loss >= progress.best_val_loss:
            progress.since_best += 1
            return loss, False
        progress.since_best = 0
        progress.best_val_loss = loss
        progress.best_step = progress.step
        return loss, True

    def _watch(self, train_loss: float) -> Iterator[Event]:
        """Warn if the training loss rises; training continues, and may recover."""
        steps = self.progress.step - self._evaluated_step
        self._evaluated_step = self.progress.step
        if steps < RISE_STEPS:
            return
        if train_loss > self._lowest_train_loss + RISE:
            yield Notice(
                f"the training loss rose from {self._lowest_train_loss:.3f} to {train_loss:.3f}: a learning rate of "
                f"{self.config.learning_rate:g} may be too high; the best weights are kept"
            )
        self._lowest_train_loss = min(self._lowest_train_loss, train_loss)

    def _out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.progress.since_best

    def _sample(self) -> str:
        """The beginning of a text, or of a record and no more than that."""
        config, vocabulary, seed = self.config, self.tokens.vocabulary, self.config.seed + self.progress.step
        network = Network(
            self.shape,
            self.model,
            self.backend,
            self.kernels,
            seq_len=1,
            batch_size=1,
            never=vocabulary.unknown,
        )
        before = opening(config, vocabulary, lambda size: network, seed=seed, length=config.sample_length)
        drawn = sample(network, before, SAMPLE, seed=seed)
        text = vocabulary.decode(np.array([ids[0] for ids in islice(drawn, config.sample_length)]))
        return text.partition(config.separator)[0] if config.separator else text

    def _save(self) -> Iterator[Event]:
        yield from self._read_ledger()
        self.checkpoint(self.params).save(self.run_folder.last)
        self.stopwatch.saved()
        yield Saved(self.progress.step, self.run_folder.last)

    def checkpoint(self, params: Flat) -> Checkpoint:
        """The run as it is now with `params` as its weights; on a CPU its arrays are those of the run, not copies."""
        to_host = self.backend.to_host
        # Time is part of the run only if it is the budget: equal runs would otherwise not be equal files.
        self.progress.seconds = self.seconds() if isinstance(self.budget, TimeBudget) else 0.0
        self.progress.schedule = self.schedule.state()
        self.progress.ramp = self.batches.state()
        return Checkpoint(
            config=self.config.to_dict(),
            given_by=self.setup.given_by,
            preset=self.setup.preset,
            vocabulary=self.tokens.vocabulary.to_dict(),
            corpus=self.setup.text,
            progress=self.progress,
            weights={name: to_host(view) for name, view in params.items()},
            moments=self.learner.moment_arrays(),
            states=self.learner.state_arrays(),
        )

    def _restore(self, saved: Checkpoint) -> None:
        self.progress = saved.progress
        self.progress.seconds = self.run_folder.seconds(self.progress)
        if saved.progress.schedule:
            self.schedule.load(saved.progress.schedule)
        try:
            self.learner.restore(saved.moments, saved.states)
        except KeyError as missing:
            raise CheckpointError(f"{self.run_folder.last} lacks {missing}, so the run cannot be resumed") from None


def _metrics(evaluated: Evaluated, chars: int) -> dict[str, Any]:
    values = {
        "step": evaluated.step,
        "epoch": round(evaluated.epoch, 4),
        "chars": chars,
        "seconds": round(evaluated.seconds, 2),
        "train_loss": evaluated.train_loss,
        "val_loss": evaluated.val_loss,
    }
    if evaluated.val_loss is not None:
        values["val_bits_per_char"] = bits_per_char(evaluated.val_loss)
    return values
