"""The training loop: when to update, evaluate, save and stop. The update itself is `charrnn.training.learner`.

`Trainer.run` is a generator of events and prints nothing. It can be stopped after any step; what it saves then makes a
resumed run end with the same bytes as one that was never stopped, unless time is its budget.
"""

import math
import time
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
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint, Progress
from charrnn.runs.run import Run
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.ramp import Ramp
from charrnn.text.tokens import Tokens
from charrnn.training import schedules
from charrnn.training.budget import Budget
from charrnn.training.events import Evaluated, Event, Finished, Notice, Sampled, Saved, Step
from charrnn.training.learner import Learner

EVALUATIONS = 20  # over a run, unless `eval_every` says otherwise
EVALUATION_SHARE = 0.1  # of the time, at most, where time is the budget
SAVE_SECONDS = 60.0  # at most so much work is lost when the power fails
RISE = 0.3  # nats; of the runs in records/runs none rose by a tenth of that, and one that came apart rose by 0.6
RELEASE_STEPS = 200  # between returns of the pages of the memory-mapped text
SAMPLE = Filter(temperature=0.8)


@dataclass
class Setup:
    """What a trainer is made from; see `charrnn.session`."""

    config: Config
    tokens: Tokens
    run: Run
    backend: Backend
    kernels: ReferenceKernels
    params: Flat
    description: dict[str, Any]  # the checkpoint's fields that training only passes on: origins, preset, corpus
    resume: Checkpoint | None = None
    lock: Lock | None = None  # keeps other processes out of the run


class Trainer:
    """One run over one text."""

    def __init__(self, setup: Setup, interrupted: Callable[[], bool] = lambda: False) -> None:
        config, tokens = setup.config, setup.tokens
        self.setup, self.config, self.tokens, self.run_folder = setup, config, tokens, setup.run
        self.backend, self.kernels, self.params = setup.backend, setup.kernels, setup.params
        self.interrupted = interrupted
        self.shape = Shape.of(config, tokens.vocabulary.size)
        self.batches = Ramp(config, tokens.train, tokens.vocabulary.newline)
        if setup.resume:
            self.batches.load(setup.resume.progress.ramp)
        self.budget = Budget.of(config, self.batches.per_epoch)
        self.learner = Learner(config, self.shape, self.params, self.backend, self.kernels, self.batches)
        self.model = self.learner.model
        self.schedule = schedules.build(config)
        self.val = tokens.val[: config.eval_chars + 1]
        self.evaluator = None
        if len(self.val) > 1:
            self.evaluator = Evaluator(self.shape, self.model, self.backend, self.kernels, len(self.val))
        self.progress = Progress()
        if setup.resume:
            self._restore(setup.resume)
        self._started = self._saved = self._evaluated = time.perf_counter()
        self._evaluation_seconds = 0.0
        self._lowest = math.inf  # training loss of an evaluation
        self._rates: list[float] = []  # learning rates of the updates in the ledger
        self._began = self._started  # of the first of them
        self._before, self._speed = self.progress.seconds, 0.0
        self._used_before = self._used()

    def run(self) -> Iterator[Event]:
        """Train until the budget is used up, evaluations bring nothing better, or `interrupted()`; yields events.

        Raises:
            DivergedError: the loss or a gradient is not finite; the last checkpoint is kept as it is.
        """
        reason, self.progress.ended = "done", None
        while self._used() < 1:
            self._update()
            if self.learner.ledger.full:
                yield from self._read_ledger()
            if self._evaluation_due():
                yield from self._evaluate()
                if self._out_of_patience():
                    reason = "early stop"
                    break
            if self.interrupted():
                yield from self._save()
                reason = "interrupted"
                break
            if time.perf_counter() - self._saved > SAVE_SECONDS:
                yield from self._save()
        yield from self._read_ledger()
        progress = self.progress
        if reason == "done" and progress.loss_chars:  # steps since the last evaluation
            yield from self._evaluate()
        if reason != "interrupted":
            progress.ended = reason
            yield from self._save()
        if self.setup.lock:
            self.setup.lock.release()
        # Where the last evaluation was the best so far, what was learned since is likely better still.
        ahead = progress.loss_chars > 0 and progress.best_step is not None and progress.since_best == 0
        yield Finished(
            reason, progress.step, self._epoch(), self.seconds(), progress.best_val_loss, progress.best_step, ahead
        )

    def seconds(self) -> float:
        """Time spent on this run, evaluations included, interruptions left out."""
        return self._before + time.perf_counter() - self._started

    def _used(self) -> float:
        return self.budget.progress(self.progress.step, self.seconds())

    def _epoch(self) -> float:
        return self.learner.epoch(self.progress.step)

    @np.errstate(all="ignore")  # what is no number is found in the ledger, before anything is made of it
    def _update(self) -> None:
        """One update of the weights; what it measured is in the ledger."""
        progress, config = self.progress, self.config
        used, epoch = self._used(), self._epoch()
        self.learner.advance(progress.step, used)
        if not self._rates:
            self._began = time.perf_counter()
        grads = self.learner.gradients(progress.step)
        self._rates.append(config.learning_rate * self.schedule.factor(used, epoch))
        progress.step += 1
        self.learner.apply(grads, self._rates[-1], progress.step)
        if self.learner.average:
            progress.averaged = self.learner.average.update(progress.averaged, used)
        if progress.step % RELEASE_STEPS == 0:
            self.tokens.release()

    def _read_ledger(self) -> Iterator[Step]:
        """The updates since the last time; comes before everything that is made of what they did."""
        progress, measured, rates = self.progress, self.learner.ledger.take(), self._rates
        self._rates, seconds = [], time.perf_counter() - self._began
        for ago, (loss, norm, chars) in zip(reversed(range(len(measured))), measured, strict=True):
            step = progress.step - ago
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise self._diverged(step - 1, f"loss {loss:g}, gradient norm {norm:g}")
            progress.chars += chars
            progress.loss_sum += loss * chars
            progress.loss_chars += chars
            yield self._step_event(step, loss, norm, rates[-1 - ago], chars * len(measured) / seconds)

    def _step_event(self, step: int, loss: float, norm: float, rate: float, speed: float) -> Step:
        self._speed = 0.95 * self._speed + 0.05 * speed if self._speed else speed
        used = self.budget.progress(step, self.seconds())
        left = (time.perf_counter() - self._started) * (1 - used) / (used - self._used_before)
        return Step(step, self.learner.epoch(step), used, loss, norm, rate, self._speed, left)

    def _diverged(self, step: int, what: str) -> DivergedError:
        last = self.run_folder.last
        kept = f"{last} is kept as it was" if last.is_file() else "nothing was saved yet"
        return DivergedError(
            f"training diverged after step {step}: {what}; {kept}; try a lower --learning-rate "
            f"(now {self.config.learning_rate:g}) or a smaller --grad-clip (now {self.config.grad_clip:g})"
        )

    def _evaluation_due(self) -> bool:
        if self.config.eval_every and self.progress.step % self.config.eval_every == 0:
            return True
        if self.config.eval_every or self._used() * EVALUATIONS < self.progress.evaluations + 1:
            return False
        # Where steps are the budget, what is done must depend on the steps alone.
        worth = self._evaluation_seconds / EVALUATION_SHARE
        return self.budget.seconds is None or time.perf_counter() - self._evaluated > worth

    def _evaluate(self) -> Iterator[Event]:
        """Read the held-out text, save, and draw a sample."""
        yield from self._read_ledger()
        progress, began = self.progress, time.perf_counter()
        train_loss = progress.loss_sum / progress.loss_chars
        progress.evaluations, progress.loss_sum, progress.loss_chars = progress.evaluations + 1, 0.0, 0
        val_loss = self.evaluator.score(self.val).loss if self.evaluator else None
        if val_loss is not None and not math.isfinite(val_loss):
            raise self._diverged(progress.step, f"validation loss {val_loss:g}")
        best = val_loss is not None and (progress.best_val_loss is None or val_loss < progress.best_val_loss)
        if val_loss is not None:
            self.schedule.observe(val_loss)
            progress.since_best = 0 if best else progress.since_best + 1
        if best:
            progress.best_val_loss, progress.best_step = val_loss, progress.step
        evaluated = Evaluated(progress.step, self._epoch(), self.seconds(), train_loss, val_loss, best)
        self.run_folder.append_metrics(_metrics(evaluated, progress.chars))
        yield from self._save()
        if best:
            self.checkpoint(self.model).save(self.run_folder.best)
        yield evaluated
        yield from self._watch(train_loss)
        if self.config.sample_length:
            yield Sampled(progress.step, self._sample())
        self._evaluated = time.perf_counter()
        self._evaluation_seconds = self._evaluated - began

    def _watch(self, train_loss: float) -> Iterator[Event]:
        """Training that has come apart goes on and may recover, but the user should know."""
        if train_loss > self._lowest + RISE:
            yield Notice(
                f"the training loss rose from {self._lowest:.3f} to {train_loss:.3f}: a learning rate of "
                f"{self.config.learning_rate:g} may be too high; the best weights are kept"
            )
        self._lowest = min(self._lowest, train_loss)

    def _out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.progress.since_best

    def _sample(self) -> str:
        vocabulary, length = self.tokens.vocabulary, self.config.sample_length
        network = Network(self.shape, self.model, self.backend, self.kernels, seq_len=1, batch_size=1)
        drawn = sample(network, np.array([vocabulary.start]), SAMPLE, seed=self.config.seed + self.progress.step)
        return vocabulary.decode(np.array([ids[0] for ids in islice(drawn, length)]))

    def _save(self) -> Iterator[Event]:
        yield from self._read_ledger()
        self.checkpoint(self.params).save(self.run_folder.last)
        self._saved = time.perf_counter()
        yield Saved(self.progress.step, self.run_folder.last)

    def checkpoint(self, params: Flat) -> Checkpoint:
        """The run as it is now with `params` as its weights; arrays are the run's own where they lie on the host."""
        to_host = self.backend.to_host
        # Time is part of the run only where it is the budget: equal runs would otherwise not be equal files.
        self.progress.seconds = self.seconds() if self.budget.seconds is not None else 0.0
        self.progress.schedule = self.schedule.state()
        self.progress.ramp = self.batches.state()
        return Checkpoint(
            config=self.config.to_dict(),
            **self.setup.description,
            vocabulary=self.tokens.vocabulary.to_dict(),
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
            raise CheckpointError(f"{self.run_folder.last} lacks {missing}; it cannot be resumed from") from None


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
