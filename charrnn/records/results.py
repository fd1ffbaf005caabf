"""Recorded results of real runs. Each file runs/NAME.jsonl has a line about the run, then its metrics, thinned.

    {"corpus": ..., "data": ..., "preset": ..., "options": {...}, "config": {...}, "model": ..., ...}
    {"step": ..., "epoch": ..., "chars": ..., "seconds": ..., "train_loss": ..., "val_loss": ...}     a few dozen lines
    {"eval": ..., "loss": ..., "chars": ...}                         a line for each `charrnn eval` of it, if any

`python -m tests.tools.record_run` records a run, and makes the documentation's tables from all recorded runs.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from charrnn.config import SETTINGS, Config

FOLDER = "runs"
WATCHING = {name for name, setting in SETTINGS.items() if setting.group == "Watching it learn"}


@dataclass(frozen=True)
class RecordedRun:
    """A recorded run. Losses are nats per character.

    corpus: the argument of charrnn train, without its path. data: the text in words, if its name is not enough.
    options: the settings that its preset did not give. config: the settings that differ from the defaults.
    """

    name: str
    corpus: str
    data: str
    preset: str | None
    options: dict[str, Any]
    config: dict[str, Any]
    model: str
    parameters: int
    train_chars: int
    val_chars: int
    machine: str
    versions: dict[str, str]
    history: tuple[dict[str, Any], ...]
    evals: tuple[dict[str, Any], ...]

    @property
    def seed(self) -> int:
        """The seed of initial weights, dropout and samples."""
        seed: int = self.config.get("seed", Config.seed)
        return seed

    @property
    def best(self) -> dict[str, Any]:
        """The evaluation with the lowest validation loss."""
        return min(self.history, key=lambda row: row["val_loss"])

    @property
    def final(self) -> dict[str, Any]:
        """The last evaluation."""
        return self.history[-1]

    @property
    def minutes(self) -> float:
        """Minutes of training, evaluations included."""
        return float(self.final["seconds"]) / 60

    @property
    def differing(self) -> set[str]:
        """The options of its command that change the recipe of its preset."""
        return self.options.keys() - WATCHING - {"seed"}

    def is_plain(self, preset: str) -> bool:
        """Whether it used that preset unchanged."""
        return self.preset == preset and not self.differing

    @property
    def held_out(self) -> str:
        """The part of the text that is held out, in words."""
        config = Config(**self.config)
        share = f"{100 * config.val_fraction:.3g}%"
        held_out = {
            "contiguous": f"last {share}",
            "interleaved": f"last {share} of each of {config.batch_size} streams (as char-rnn)",
            "lines": f"{share} of the lines, at random (as makemore)",
            "unique-lines": f"{share} of the different lines, none of them learned",
        }[config.split]
        if config.test_fraction:
            held_out += f", a further {100 * config.test_fraction:.3g}% kept for the test"
        return held_out

    @property
    def protocol(self) -> str:
        """The held-out part, and how much of it each evaluation of training reads, in words."""
        read = self.config.get("eval_chars", Config.eval_chars)
        return self.held_out + (f", of which the first {read:,} characters" if self.val_chars > read else "")


def read_results() -> list[RecordedRun]:
    """All recorded runs, sorted by name."""
    folder = files(__package__) / FOLDER
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".jsonl")] if folder.is_dir() else []
    return [
        parse(entry.name.removesuffix(".jsonl"), entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    ]


def parse(name: str, text: str) -> RecordedRun:
    """The run that is recorded in `text`, the content of a file."""
    facts, *rows = (json.loads(line) for line in text.splitlines())
    history, evals = (tuple(row for row in rows if ("eval" in row) == is_eval) for is_eval in (False, True))
    return RecordedRun(name=name, history=history, evals=evals, **facts)


def reached(preset: str, results: Iterable[RecordedRun]) -> str:
    """The results of a preset, unchanged, in a sentence for each text; empty if no run of it is recorded."""
    return " ".join(_sentence(runs) for runs in grouped(results) if any(run.is_plain(preset) for run in runs))


def grouped(results: Iterable[RecordedRun]) -> list[list[RecordedRun]]:
    """Groups of runs that differ only in their seeds; ordered by data, protocol and lowest loss.

    Only the settings count, not where they came from: options may say the same as a preset.
    """
    groups: dict[Any, list[RecordedRun]] = {}
    for each in results:
        recipe = sorted((name, value) for name, value in each.config.items() if name not in WATCHING | {"seed"})
        groups.setdefault((each.data, each.protocol, str(recipe), each.model, each.machine), []).append(each)
    for runs in groups.values():
        runs.sort(key=lambda run: run.seed)
    return sorted(groups.values(), key=_place)


def _place(runs: list[RecordedRun]) -> tuple[str, str, float]:
    return runs[0].data, runs[0].protocol, min(float(run.best["val_loss"]) for run in runs)


def _sentence(runs: list[RecordedRun]) -> str:
    first, losses = runs[0], " and ".join(f"{run.best['val_loss']:.3f}" for run in runs)
    seeds = f"{len(runs)} seeds, " if len(runs) > 1 else ""
    return (
        f"Reached {losses} nats per character of {first.data} ({seeds}{first.protocol}) in {first.minutes:.3g} "
        f"min on {first.machine}."
    )
