"""The training loop: when to update, evaluate, save and stop. The update itself is `charrnn.training.learner`.

`Trainer.run` is a generator of events and prints nothing. It can be stopped after any step; a run that resumes from
what it saves then ends with the same bytes as one that was never stopped, unless time is its budget.
"""

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from charrnn.errors import CheckpointError, DivergedError
from charrnn.evaluation.score import Evaluator
from charrnn.evaluation.units import bits_per_char
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint, Progress
from charrnn.sampling.opening import opening
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.parts.records import separator_of
from charrnn.text.streams.ramp import Ramp
from charrnn.training import budget, schedules
from charrnn.training.budget import TimeBudget
from charrnn.training.divergence import Limits
from charrnn.training.events import Evaluated, Event, Finished, Notice, Sampled, Step
from charrnn.training.keeper import Keeper
from charrnn.training.learner import Learner
from charrnn.training.pace import Pace
from charrnn.training.setup import Setup
from charrnn.training.stopwatch import Stopwatch

SAVE_SECONDS = 60.0  # a power failure loses at most this much work
RISE = 0.3  # nats between evaluations; a healthy run rises by less than a tenth of that
RISE_STEPS = 20  # updates; the mean loss of fewer fluctuates too much
RELEASE_STEPS = 200  # updates between two releases of the pages of the memory-mapped text
SAMPLE = Filter(temperature=0.8)


class Trainer:
    """One run over one text."""

    def __init__(self, setup: Setup, interrupted: Callable[[], bool] = lambda: False) -> None:
        config, tokens = setup.config, setup.tokens
        self.setup = setup
        self.config = config
        self.tokens = tokens
        self.run_folder = setup.run
        self.keeper = Keeper(setup.run)
        self.backend = setup.backend
        self.kernels = setup.kernels
        self.params = setup.params
        self.interrupted = interrupted
        self.shape = Shape.of(config, tokens.vocabulary.size)
        self.batches = Ramp(config, tokens.train, separator_of(config, tokens.vocabulary))
        if setup.resume:
            self._restore_batches(setup.resume.progress)
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
        self._limits = Limits(tokens.vocabulary.size)
        self._lost = False  # whether the last evaluation found a network that has diverged
        self._lost_loss = 0.0
        self._far = False  # whether the last update that was read had a loss out of all bounds
        self._evaluated_step = self.progress.step
        self._lowest_train_loss = math.inf  # lowest one of the evaluations so far
        self._rates: list[float] = []  # learning rates of the updates in the ledger

    def run(self) -> Iterator[Event]:
        """Train until the budget is used up, patience runs out, or `interrupted()`; yields events.

        Raises:
            DivergedError: the loss or a gradient is not finite, or two evaluations in a row are worse than guessing;
                the last checkpoint is kept as it is.
            StorageError: checkpoints cannot be written.
        """
        reason, self.progress.ended = "done", None
        if self.config.on_divergence == "rollback" and not self.run_folder.has_checkpoint:
            yield from self._save()  # to return to
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
                yield from self._read_ledger()
                self._stop_if_lost()
                yield from self._save(end=True)
                reason = "interrupted"
                break
            if self.stopwatch.since_save > SAVE_SECONDS and not (self._lost or self._far):
                yield from self._save()
        yield from self._finish(reason)

    def _finish(self, reason: str) -> Iterator[Event]:
        """Evaluate and save what was learned since the last time, and release the lock of the run."""
        yield from self._read_ledger()
        progress = self.progress
        if reason == "done" and progress.loss_chars:  # there were updates since the last evaluation
            yield from self._evaluate()
        self._stop_if_lost()
        if reason != "interrupted":
            progress.ended = reason
            yield from self._save(end=True)
        self.keeper.close()
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

    @property
    def learning_rate(self) -> float:
        """The highest learning rate; each rollback halves it."""
        return self.config.learning_rate * self.progress.rate_factor

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
        progress = self.progress
        used, epoch = self._used(), self._epoch()
        self.learner.advance(progress.step, used)
        self.stopwatch.update_begins()
        grads = self.learner.gradients(progress.step)
        self._rates.append(self.learning_rate * self.schedule.factor(used, epoch))
        progress.step += 1
        self.learner.apply(grads, self._rates[-1], progress.step)
        if self.learner.average:
            progress.averaged = self.learner.average.update(progress.averaged, used)
        if progress.step % RELEASE_STEPS == 0:
            self.tokens.release()

    def _read_ledger(self) -> Iterator[Event]:
        """Yield the updates since the last call; call it before using their results."""
        progress, measured, rates = self.progress, self.learner.ledger.take(), self._rates
        speeds = self.stopwatch.updates_ended([each.chars for each in measured])
        self._rates = []
        first = progress.step - len(measured) + 1
        for step, each, rate, speed in zip(range(first, progress.step + 1), measured, rates, speeds, strict=True):
            loss, norm, chars = each
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise self._diverged(step - 1, f"loss {loss:g}, gradient norm {norm:g}")
            if self._limits.is_far(loss) and not self._far:
                yield Notice(f"the loss is {loss:.3g} at step {step}, and {self._limits.guess:.3g} would be guessing")
            self._far = self._limits.is_far(loss)
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
            f"(now {self.learning_rate:g}) or a smaller --grad-clip (now {self.config.grad_clip:g})"
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
        val_loss, best = self._validate(train_loss)
        evaluated = Evaluated(progress.step, self._epoch(), self.seconds(), train_loss, val_loss, best)
        yield from self.keeper.add_metrics(_metrics(evaluated, progress))
        if not self._lost:
            yield from self._save(best=best)
        yield evaluated
        yield from self._watch(train_loss)
        if self.config.sample_length:
            yield Sampled(progress.step, self._sample())
        self.stopwatch.evaluation_ended()

    def _validate(self, train_loss: float) -> tuple[float | None, bool]:
        """The validation loss, and whether it is the lowest so far; None if nothing is held out."""
        if not self.evaluator:
            self._judge(train_loss, None)
            return None, False
        progress, loss = self.progress, self.evaluator.score(self.val).loss
        if not math.isfinite(loss):
            raise self._diverged(progress.step, f"validation loss {loss:g}")
        self.schedule.observe(loss)
        if self._judge(train_loss, loss):
            return loss, False
        if progress.best_val_loss is not None and loss >= progress.best_val_loss:
            progress.since_best += 1
            return loss, False
        progress.since_best = 0
        progress.best_val_loss = loss
        progress.best_step = progress.step
        return loss, True

    def _judge(self, train_loss: float, val_loss: float | None) -> bool:
        """Whether the network has diverged; one that has is neither saved nor the best.

        Raises:
            DivergedError: it had diverged at the evaluation before, too.
        """
        was_lost, self._lost = self._lost, self._limits.is_lost(train_loss, val_loss)
        self._lost_loss = train_loss if val_loss is None else val_loss
        if was_lost:
            self._stop_if_lost()
        return self._lost

    def _stop_if_lost(self) -> None:
        if self._lost:
            guess = f"where guessing gives {self._limits.guess:.3g}"
            raise self._diverged(self.progress.step, f"loss {self._lost_loss:.4g}, {guess}")

    def _watch(self, train_loss: float) -> Iterator[Event]:
        """Warn if the training loss rises; training continues, and may recover."""
        steps = self.progress.step - self._evaluated_step
        self._evaluated_step = self.progress.step
        if steps < RISE_STEPS:
            return
        if train_loss > self._lowest_train_loss + RISE:
            yield Notice(
                f"the training loss rose from {self._lowest_train_loss:.3f} to {train_loss:.3f}: a learning rate of "
                f"{self.learning_rate:g} may be too high; the best weights are kept"
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
        text = vocabulary.decode([ids[0] for ids in islice(drawn, config.sample_length)])
        return text.partition(config.separator)[0] if config.separator else text

    def _save(self, *, best: bool = False, end: bool = False) -> Iterator[Event]:
        yield from self._read_ledger()
        yield from self.keeper.save(self.checkpoint(), best=best, end=end)
        self.stopwatch.saved()

    def checkpoint(self) -> Checkpoint:
        """The run as it is now; on a CPU its arrays are those of the run, not copies."""
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
            weights={name: to_host(view) for name, view in self.params.items()},
            moments=self.learner.moment_arrays(),
            states=self.learner.state_arrays(),
        )

    def _restore_batches(self, saved: Progress) -> None:
        try:
            self.batches.load(saved.ramp, saved.step * self.config.accumulate)
        except (LookupError, TypeError, ValueError) as error:
            raise self._not_resumable(error) from None

    def _restore(self, saved: Checkpoint) -> None:
        self.progress = saved.progress
        self.progress.seconds = self.run_folder.seconds(self.progress)
        try:
            if saved.progress.schedule:
                self.schedule.load(saved.progress.schedule)
            self.learner.restore(saved.moments, saved.states)
        except (LookupError, TypeError, ValueError) as error:
            raise self._not_resumable(error) from None

    def _not_resumable(self, error: Exception) -> CheckpointError:
        lack = f"lacks {error}" if isinstance(error, KeyError) else f"is damaged: {error}"
        return CheckpointError(f"{self.run_folder.last} {lack}, so the run cannot be resumed")


def _metrics(evaluated: Evaluated, progress: Progress) -> dict[str, Any]:
    values: dict[str, Any] = {
        "step": evaluated.step,
        "epoch": round(evaluated.epoch, 4),
        "chars": progress.chars,
        "seconds": round(evaluated.seconds, 2),
        "train_loss": evaluated.train_loss,
        "val_loss": evaluated.val_loss,
    }
    if evaluated.val_loss is not None:
        values["val_bits_per_char"] = bits_per_char(evaluated.val_loss)
    if progress.rollbacks:
        values["rollbacks"] = progress.rollbacks
    return values
