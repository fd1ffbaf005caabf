"""Runs side by side: what each is, what it reached, and how fast."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config import READING, SETTINGS, Config, held_out_by
from charrnn.errors import CheckpointError
from charrnn.evaluation.units import bits_per_char
from charrnn.network.shape import Shape
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.find import find_run, runs_in
from charrnn.runs.run import RUNS, Run
from charrnn.text.vocabulary import Vocabulary

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """A run and what it reached. Losses are nats per character; unknown values are None."""

    run: Path
    cell: str
    num_layers: int
    hidden_size: int
    parameters: int
    seed: int
    epochs: float | None
    steps: int
    val_loss: float | None  # the lowest
    bits_per_char: float | None
    best_step: int | None
    chars_per_second: float | None  # characters learned from per second of the whole time, evaluations included
    seconds: float | None  # of training, evaluations included
    seconds_to: float | None  # until the validation loss was at or below the one asked for
    ended: str | None  # 'done' or 'early stop'; None if training can continue
    reference: Path  # the first run named
    differs: tuple[str, ...]  # what differs from that one and makes losses incomparable
    settings: dict[str, Any]  # those in which the compared runs differ, the preset among them


def find_runs(name: str) -> list[Run]:
    """The run called `name`; or all runs in the folder of that name, such as a sweep's.

    Raises:
        CheckpointError: there is no such run.
    """
    for folder in (Path(name), RUNS / name):
        if not Run(folder).last.is_file() and (found := runs_in(folder)):
            return found
    return [find_run(name)]


def compare(runs: Iterable[Run], to: float | None = None) -> list[Standing]:
    """The runs, lowest validation loss first; `to` is the loss at which their time is taken.

    A run whose checkpoint cannot be read is left out, and a log message says so.

    Raises:
        CheckpointError: none of them can be read.
    """
    saved: list[tuple[Run, Checkpoint]] = []
    refusals = []
    for run in runs:
        try:
            saved.append((run, checkpoint.load(run.last)))
        except CheckpointError as error:
            refusals.append(error)
    if refusals and not saved:
        raise refusals[0]
    for refusal in refusals:
        log.info("left out: %s", refusal)
    varied = _varied([each for _, each in saved])
    standings = [_standing(run, each, to, saved[0], varied) for run, each in saved]
    return sorted(standings, key=lambda each: (each.val_loss is None, each.val_loss))


def _standing(
    run: Run, saved: Checkpoint, to: float | None, reference: tuple[Run, Checkpoint], varied: Sequence[str]
) -> Standing:
    config, progress, history = Config(**saved.config), saved.progress, run.read_metrics()
    shape = Shape.of(config, Vocabulary.from_dict(saved.vocabulary).size)
    last = history[-1] if history else _so_far(saved)
    seconds, chars, loss = last.get("seconds"), last.get("chars"), progress.best_val_loss
    return Standing(
        run=run.folder,
        cell=shape.cell,
        num_layers=shape.num_layers,
        hidden_size=shape.hidden_size,
        parameters=shape.size,
        seed=config.seed,
        epochs=last.get("epoch"),
        steps=progress.step,
        val_loss=loss,
        bits_per_char=None if loss is None else bits_per_char(loss),
        best_step=progress.best_step,
        chars_per_second=chars / seconds if chars and seconds else None,
        seconds=seconds,
        seconds_to=None if to is None else _seconds_to(to, history),
        ended=progress.ended,
        reference=reference[0].folder,
        differs=_differences(reference[1], saved),
        settings={name: value for name, value in _settings(saved).items() if name in varied},
    )


def _so_far(saved: Checkpoint) -> dict[str, Any]:
    """The progress of a run that was interrupted before its first evaluation, with the keys of a line of metrics."""
    progress, train_chars = saved.progress, saved.corpus.train_chars
    return {
        "epoch": progress.chars / train_chars if train_chars else None,
        "chars": progress.chars,
        "seconds": progress.seconds or None,  # stored only if the budget is time
    }


def _varied(saved: Sequence[Checkpoint]) -> list[str]:
    """The settings that are not the same in all of these runs."""
    settings = [_settings(each) for each in saved]
    return (
        [name for name, value in settings[0].items() if any(each[name] != value for each in settings)] if saved else []
    )


def _settings(saved: Checkpoint) -> dict[str, Any]:
    """The preset and all settings of a run; settings that are newer than the run have their defaults."""
    values = Config(**saved.config).to_dict()
    return {"preset": saved.preset, **{name: values[name] for name in SETTINGS}}


def _seconds_to(loss: float, history: list[dict[str, Any]]) -> float | None:
    """Seconds until an evaluation first found `loss` or less."""
    reached = (row["seconds"] for row in history if row["val_loss"] is not None and row["val_loss"] <= loss)
    return next(reached, None)


def _differences(first: Checkpoint, other: Checkpoint) -> tuple[str, ...]:
    """The reasons why the losses of two runs are not about the same characters."""
    same_file = first.corpus.val_sha256 is not None and first.corpus.val_sha256 == other.corpus.val_sha256
    names = (*(READING if same_file else held_out_by(first.config["split"])), "vocab_min")
    found = [name for name in names if first.config.get(name) != other.config.get(name)]
    if first.corpus.sha256 != other.corpus.sha256 and not same_file:
        found.insert(0, "text")
    elif _evaluated_chars(first) != _evaluated_chars(other) and not found:
        found.append("eval_chars")
    return tuple(found)


def _evaluated_chars(saved: Checkpoint) -> int:
    """Held-out characters that an evaluation reads."""
    most: int = saved.config["eval_chars"]
    return most if saved.corpus.val_chars is None else min(most, saved.corpus.val_chars)
