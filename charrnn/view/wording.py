"""Numbers and events in words, for terminals and log files alike."""

from pathlib import Path

from charrnn.evaluation.units import bits_per_char, perplexity
from charrnn.hints import command
from charrnn.runs.run import Run
from charrnn.training.events import Evaluated, Finished, Started

_REASONS = {
    "done": "done",
    "early stop": "stopped early by --patience, as the validation loss did not improve",
    "interrupted": "interrupted, and saved",
}


def duration(seconds: float) -> str:
    """A duration such as 1:05 or 2:00:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def short(number: float) -> str:
    """A number in about four characters, such as 950, 45.1k or 1.2M."""
    return _scaled(number, ("", "k", "M", "G"))


def figure(number: float, digits: int) -> str:
    """A number with `digits` digits after the point; too large a number looks like 4.33e+26."""
    return f"{number:.{digits}f}" if number < 1e6 else f"{number:.3g}"


def file_size(size: float) -> str:
    """A number of bytes, such as 950 B, 45.1 kB or 1.2 MB."""
    return _scaled(size, (" B", " kB", " MB", " GB"))


def _scaled(number: float, units: tuple[str, ...]) -> str:
    power = 0
    while number >= 999.5 and power + 1 < len(units):
        number, power = number / 1000, power + 1
    return f"{number:.{int(power > 0 and number < 99.95)}f}{units[power]}"


def started_lines(started: Started) -> list[tuple[str, str]]:
    """Four lines about a training run that is starting, each a title and a text."""
    preset = f", preset {started.preset}" if started.preset else ""
    resumed = f", resumed at step {started.resumed_step}" if started.resumed_step is not None else ""
    slower = f" ({started.why_not_faster})" if started.why_not_faster else ""
    held_out = f"{started.val_chars:,} held out" if started.val_chars else "none held out"
    symbols = "bytes" if started.bytes else "characters"
    precision = f" in {started.precision}" if started.precision != "float32" else ""
    return [
        ("text", f"{started.corpus}: {started.train_chars:,} {symbols}, {held_out}"),
        ("model", f"{started.model}: {started.parameters:,} parameters, {_symbols(started)}"),
        ("training", f"{started.budget}{preset}{resumed}, into {started.run}"),
        ("device", f"{started.device}, {started.kernel} kernels{precision}{slower}"),
    ]


def evaluated_line(evaluated: Evaluated) -> str:
    """A line about an evaluation."""
    val = f"  val {figure(evaluated.val_loss, 4)}" if evaluated.val_loss is not None else ""
    loss = evaluated.train_loss if evaluated.val_loss is None else evaluated.val_loss
    best = "  best" if evaluated.best else ""
    losses = f"train {figure(evaluated.train_loss, 4)}{val}  {figure(bits_per_char(loss), 3)} bits/char"
    return f"step {evaluated.step}  epoch {evaluated.epoch:.2f}  {duration(evaluated.seconds)}  {losses}{best}"


def finished_lines(finished: Finished, run: Path) -> list[tuple[str, str]]:
    """Lines about what was reached, where it is stored, and what to type next."""
    end = f"step {finished.step}, epoch {finished.epoch:.2f}, after {duration(finished.seconds)}"
    lines = [("end", f"{_REASONS[finished.reason]}: {end}")]
    if finished.best_val_loss is not None:
        loss = finished.best_val_loss
        since = "; later steps are not evaluated yet" if finished.ahead_of_best else ""
        lines.append(
            (
                "best",
                f"validation loss {figure(loss, 4)}, {figure(bits_per_char(loss), 3)} bits/char, "
                f"perplexity {figure(perplexity(loss), 2)}, at step {finished.best_step}{since}",
            )
        )
    if finished.reason == "interrupted":
        lines.append(("resume", command("train", "--resume", "--run", run)))
    return [*lines, ("next", command("sample", Run(run).last if finished.ahead_of_best else run))]


def _symbols(started: Started) -> str:
    kind = "byte" if started.bytes else "different character"
    return f"{started.vocab_size} {kind}{'' if started.vocab_size == 1 else 's'}"


def reading_line(done: int, total: int) -> str:
    """How much of a text has been read: a share, or bytes of a pipe, whose total is unknown and therefore 0."""
    # The size of a text is not shown: `done` and `total` count every pass over it.
    return f"reading {done / total:.0%}" if total else f"reading {file_size(done)}"
