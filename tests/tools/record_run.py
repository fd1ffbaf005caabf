"""The tables of results in charrnn/docs/results.md and README.md, from charrnn/records/runs; and recording a run.

python -m tests.tools.record_run                          print the table
python -m tests.tools.record_run --record RUN NAME        record the metrics of a finished run, on the machine that
                                                          trained it
    --machine TEXT                                        the machine that trained it, if it is another one
    --eval FILE                                           also the output of charrnn eval --json; can be repeated
"""

import argparse
import json
import platform
import shlex
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from charrnn import __version__, catalogue, records
from charrnn.bench.machine import describe
from charrnn.config import SETTINGS, Config
from charrnn.device.backend import open_backend
from charrnn.errors import CharrnnError, CheckpointError
from charrnn.evaluation.units import bits_per_char
from charrnn.network.shape import Shape
from charrnn.records.results import FOLDER, WATCHING, RecordedRun, grouped, read_results
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint, TextRecord
from charrnn.runs.find import find_run
from charrnn.runs.run import Run
from charrnn.search.trials import as_options
from charrnn.text.vocabulary import Vocabulary

RESULTS = Path(records.__file__).parent / FOLDER
ROWS = 60  # evaluations kept of a run
DIGITS = 5
SHARES = [Fraction(eighths, 8) for eighths in (1, 2, 4, 6, 8)]  # points of a run at which its curve is shown
KEPT = ("step", "epoch", "chars", "seconds", "train_loss", "val_loss")
WHOLE = "the held-out part"
EVALUATED = {  # the text that charrnn eval names -> what the table adds to the held-out part, and the options
    WHOLE: ("", ""),
    "the held-out part, learning from it": (", dynamic", " --dynamic"),
    "the test part": (", test part", " --split test"),
    "the test part, learning from it": (", test part, dynamic", " --split test --dynamic"),
}
TITLES = ("run", "text", "held out", "model", "parameters", "seeds", "minutes", "final loss", "best loss", "bits")
Row = dict[str, Any]  # a line of a file of results


def summary(results: list[RecordedRun]) -> str:
    """A row for each text that an unchanged preset was recorded with, the shortest training first, as Markdown.

    Losses are those of the whole held-out part.
    """
    titles = ("text", "command", "parameters", "minutes", "nats/char", "bits/char")
    lines = [_row(*titles), "|---" * len(titles) + "|"]
    for runs in sorted(grouped(results), key=lambda runs: runs[0].minutes):
        plain = next((run for run in runs if run.preset and run.is_plain(run.preset)), None)
        if plain is None:
            continue
        losses = [_whole_loss(run) for run in runs]
        lines.append(
            _row(
                plain.corpus,
                f"`{command(plain, watching=False)}`",
                f"{plain.parameters:,}",
                f"{plain.minutes:.0f}",
                _joined(f"{loss:.3f}" for loss in losses),
                _joined(f"{bits_per_char(loss):.3f}" for loss in losses),
            )
        )
    return "\n".join(lines) + "\n"


def _whole_loss(run: RecordedRun) -> float:
    """Loss of the whole held-out part, of which evaluations during training may have read less."""
    whole = [each["loss"] for each in run.evals if each["eval"] == WHOLE]
    return float(whole[0] if whole else run.best["val_loss"])


def table(results: list[RecordedRun]) -> str:
    """A row for each recorded run, seeds of the same settings together, and below them their commands, as Markdown."""
    if not results:
        return "No run is recorded yet.\n"
    lines = [_row(*TITLES), "|---" * len(TITLES) + "|"]
    commands = []
    for number, runs in enumerate(grouped(results), 1):
        lines.append(_training_row(number, runs))
        lines += _evaluation_rows(number, runs)
        shortest = min(runs, key=lambda run: len(run.differing))
        commands.append(f"{number}. `{command(shortest)}` ({runs[0].machine})")
    return "\n".join([*lines, "", "Commands and machines of these runs:", "", *commands]) + "\n"


def _training_row(number: int, runs: list[RecordedRun]) -> str:
    """The row of a training run; `runs` differ in their seeds."""
    best = [run.best["val_loss"] for run in runs]
    return _row(
        number,
        runs[0].data,
        runs[0].protocol,
        runs[0].model,
        f"{runs[0].parameters:,}",
        _joined(run.seed for run in runs),
        _joined(f"{run.minutes:.1f}" for run in runs),
        _losses(run.final["val_loss"] for run in runs),
        _losses(best),
        _losses(map(bits_per_char, best)),
    )


def _evaluation_rows(number: int, runs: list[RecordedRun]) -> Iterator[str]:
    """A row for each kind of evaluation that followed the training of `runs`."""
    first = runs[0]
    for said, (kind, options) in EVALUATED.items():
        losses = {run.seed: each["loss"] for run in runs for each in run.evals if each["eval"] == said}
        if losses:
            yield _row(
                f"{number}, `eval{options}`",
                first.data,
                first.held_out + kind,
                first.model,
                f"{first.parameters:,}",
                _joined(losses),
                "",
                "",
                _losses(losses.values()),
                _losses(map(bits_per_char, losses.values())),
            )


def curves(results: list[RecordedRun]) -> str:
    """A row for each recorded run with its validation loss over its steps, as Markdown; numbered as in `table`."""
    first, *others, _ = SHARES
    titles = ("run", "text", "model", "seed", "minutes", f"after {first} of its steps", *others, "all")
    lines = [_row(*titles), "|---" * len(titles) + "|"]
    for number, runs in enumerate(grouped(results), 1):
        for run in runs:
            losses = (_loss_after(run, share * run.final["step"]) for share in SHARES)
            lines.append(_row(number, run.data, run.model, run.seed, f"{run.minutes:.1f}", *losses))
    return "\n".join(lines) + "\n"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _losses(values: Iterable[float]) -> str:
    return _joined(map(_loss, values))


def _loss_after(run: RecordedRun, step: Fraction) -> str:
    """The loss of the last evaluation at or before `step`, `-` if there is none."""
    losses = [row["val_loss"] for row in run.history if row["step"] <= step]
    return _loss(losses[-1]) if losses else "-"


def _joined(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _loss(loss: float) -> str:
    return f"{loss:.4f}"


def command(result: RecordedRun, *, watching: bool = True) -> str:
    """The command that trains such a run, without its seed; `watching` includes settings that only show progress."""
    left_out = {"seed"} if watching else {"seed"} | WATCHING
    options = {name: value for name, value in result.options.items() if name not in left_out}
    preset = ["--preset", result.preset] if result.preset else []
    return shlex.join(["charrnn", "train", result.corpus, *preset, *as_options(options)])


def record(run: Run, name: str, machine: str | None = None, evals: list[Row] | None = None) -> Path:
    """Write the metrics of a finished run to the file of results `name`; returns its path.

    Raises:
        CheckpointError: the run is not finished, its metrics do not end in an evaluation, or no command repeats it.
    """
    saved, history = checkpoint.load(run.last), run.read_metrics()
    if saved.progress.ended is None:
        raise CheckpointError(f"{run.folder} is not finished: charrnn train --resume --run {run.folder} first")
    if not history or history[-1]["step"] != saved.progress.step or history[-1]["val_loss"] is None:
        raise CheckpointError(f"the metrics of {run.folder} do not end in an evaluation of its last step")
    if foreign := [origin for origin in saved.given_by.values() if origin.startswith("run ")]:
        raise CheckpointError(f"{run.folder} began with the weights of {foreign[0]}, and no command repeats it")
    if not isinstance(saved.corpus.argument, str):
        raise CheckpointError(f"{run.folder} learned several texts, and a record names one; join them in one file")
    lines = [facts(saved, machine or here()), *map(_rounded, thinned(history)), *map(_eval, evals or [])]
    path = RESULTS / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def facts(saved: Checkpoint, machine: str) -> dict[str, Any]:
    """Settings, model, text and machine of a run. The text is given by its name, never by its path."""
    config, defaults = Config(**saved.config), Config().to_dict()
    shape = Shape.of(config, Vocabulary.from_dict(saved.vocabulary).size)
    given = {
        name: getattr(config, name)
        for name in SETTINGS
        if name in saved.given_by and not saved.given_by[name].startswith("preset ")
    }
    return {
        **text(saved.corpus),
        "preset": saved.preset,
        "options": given,
        "config": {name: value for name, value in saved.config.items() if value != defaults[name]},
        "model": str(shape),
        "parameters": shape.size,
        "train_chars": saved.corpus.train_chars,
        "val_chars": saved.corpus.val_chars,
        "machine": machine,
        "versions": {"charrnn": __version__, "python": platform.python_version(), "numpy": np.__version__},
    }


def text(corpus: TextRecord) -> dict[str, str]:
    """The name of a text: the corpus that it equals byte for byte, with the note of its source, else the file's name.

    Sources of one corpus can be different texts, whose losses do not compare.
    """
    for known in catalogue.list_corpora():
        for source in known.sources:
            result = getattr(source, "result", None)
            if result and result.sha256 == corpus.sha256:
                note = f" ({source.note})" if source.note else ""
                return {"corpus": known.name, "data": f"{known.name}{note}"}
    name = Path(corpus.argument).name
    return {"corpus": name, "data": f"{name} (sha256 {corpus.sha256[:12]})"}


def here() -> str:
    """Cores and processor of this machine; a run on a GPU needs --machine."""
    machine = describe(open_backend("cpu"))
    return f"{machine.cores} core{'s' * (machine.cores != 1)}, {machine.processor}"


def thinned(history: list[Row]) -> list[Row]:
    """At most ROWS evaluations, evenly spread from first to last, with the best one included."""
    best = min((row for row in history if row["val_loss"] is not None), key=lambda row: row["val_loss"])
    count = min(len(history), ROWS - 1)
    spread = {round(index * (len(history) - 1) / max(1, count - 1)) for index in range(count)}
    return [row for index, row in enumerate(history) if index in spread or row is best]


def _rounded(row: Row) -> Row:
    return {name: round(row[name], DIGITS) for name in KEPT}


def _eval(said: Row) -> Row:
    if said["text"] not in EVALUATED:
        raise CheckpointError(f"charrnn eval was of {said['text']}, not of a held-out part of the run's own text")
    return {"eval": said["text"], "loss": round(said["loss"], DIGITS), "chars": said["chars"]}


def main() -> int:
    """Print the table, or record a run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", nargs=2, metavar=("RUN", "NAME"))
    parser.add_argument("--machine")
    parser.add_argument("--eval", action="append", default=[], type=Path)
    options = parser.parse_args()
    if options.record:
        evals = [json.loads(path.read_text(encoding="utf-8")) for path in options.eval]
        try:
            path = record(find_run(options.record[0]), options.record[1], options.machine, evals)
        except CharrnnError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1
        print(f"{path}; now run make docs")
    else:
        print(table(read_results()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
