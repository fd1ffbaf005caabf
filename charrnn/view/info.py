"""Facts about runs and machines as text."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.config import Config
from charrnn.evaluation.units import bits_per_char
from charrnn.hints import visible
from charrnn.kernels.describe import DeviceFacts, MachineFacts, MissingDevice
from charrnn.runs.describe import RunFacts, VocabularyFacts
from charrnn.text.characters.escapes import spelled
from charrnn.text.vocabulary import UNKNOWN
from charrnn.view.layout import NO_WRAPPING, facts, grid, open_console
from charrnn.view.wording import duration, figure, file_size

ROWS = 12  # rows of the history to show
CHARACTERS = 200  # characters of the vocabulary to show
COLUMNS = ("step", "epoch", "time", "train loss", "val loss", "bits/char")

Row = dict[str, Any]  # a line of the metrics


def show_info(run: RunFacts | None, machine: MachineFacts, console: Console | None = None) -> None:
    """Print facts about a run and this machine on standard output, or on `console`."""
    output = console or open_console(NO_WRAPPING)
    if run:
        _show_run(run, output)
        output.print()
    output.print(facts(_machine_facts(machine)))


def _show_run(run: RunFacts, console: Console) -> None:
    console.print(facts(_run_facts(run)))
    console.print()
    console.print(_settings(run.config, run.origins))
    console.print(Text("all other settings are their defaults", "dim"))
    if run.history:
        console.print()
        console.print(_history(run.history))


def _machine_facts(machine: MachineFacts) -> Iterator[tuple[str, str]]:
    versions = f"charrnn {machine.charrnn}, Python {machine.python}, NumPy {machine.numpy}"
    yield "here", f"{versions}, {machine.platform}"
    for device in machine.devices:
        yield device.device, _device(device, used=device.device == machine.device)
        if isinstance(device, DeviceFacts):
            yield from (("", f"passed over: {refusal}") for refusal in device.passed_over)


def _run_facts(run: RunFacts) -> Iterator[tuple[str, str]]:
    corpus = run.corpus
    yield "run", run.run
    yield "text", f"{corpus['description']}, {file_size(corpus['size'])}, sha256 {corpus['sha256'][:16]}…"
    yield "model", f"{run.model}: {run.parameters:,} parameters"
    yield "knows", _vocabulary(run.vocabulary)
    if run.preset:
        yield "preset", run.preset
    yield "saved", f"{run.checkpoint} at step {run.progress['step']}"
    yield "files", ", ".join(f"{name} {file_size(size)}" for name, size in run.files.items())


def _vocabulary(vocabulary: VocabularyFacts) -> str:
    if vocabulary.characters is None:
        return "256 bytes"
    known = vocabulary.characters.replace(UNKNOWN, "") if vocabulary.has_unknown else vocabulary.characters
    unknown = ", and a symbol for all others" if vocabulary.has_unknown else ""
    return f"{len(known)} characters{unknown}: {_characters(known)}"


def _characters(characters: str) -> str:
    shown = "".join("\\n" if each == "\n" else visible(each) if each != "\t" else "\\t" for each in characters)
    return shown if len(shown) <= CHARACTERS else shown[:CHARACTERS] + "…"


def _device(device: DeviceFacts | MissingDevice, used: bool) -> str:
    if isinstance(device, MissingDevice):
        return device.missing
    precision = f" in {device.precision}" if device.precision != "float32" else ""
    return f"{device.description}, {device.kernels} kernels{precision}{', used' if used else ''}"


def _settings(config: dict[str, Any], given_by: dict[str, str]) -> Table:
    """The settings that were given or are not defaults; charrnn fitted those that nobody gave to the text."""
    defaults = Config().to_dict()
    table = grid("setting", "value", "given by")
    for name, value in config.items():
        if value != defaults[name] or name in given_by:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            shown = shown if shown.isprintable() else spelled(shown)
            table.add_row(name, Text(shown), Text(given_by.get(name, "charrnn")))
    return table


def _history(history: list[Row]) -> Table:
    best = min((row for row in history if row["val_loss"] is not None), key=lambda row: row["val_loss"], default=None)
    table = grid(*COLUMNS, "", numbers=len(COLUMNS))
    for row in _chosen(history, best):
        val = row["val_loss"]
        table.add_row(
            str(row["step"]),
            f"{row['epoch']:.2f}",
            duration(row["seconds"]),
            figure(row["train_loss"], 4),
            "" if val is None else figure(val, 4),
            "" if val is None else figure(bits_per_char(val), 3),
            "best" if row is best else "",
            style="bold" if row is best else "",
        )
    return table


def _chosen(history: list[Row], best: Row | None) -> list[Row]:
    """At most ROWS rows, evenly spread from first to last, the best one among them."""
    if len(history) <= ROWS:
        return history
    spread = {round(index * (len(history) - 1) / (ROWS - 2)) for index in range(ROWS - 1)}
    return [row for index, row in enumerate(history) if index in spread or row is best]
