"""Runs side by side as a table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.compare import Standing
from charrnn.view.layout import grid, open_console
from charrnn.view.wording import duration, short

WIDTH_OF_A_FILE = 200
NOT_KNOWN = "-"


def show_standings(standings: list[Standing], to: float | None = None, console: Console | None = None) -> None:
    """Print them in their order on standard output, or on `console`; `to` is the loss that times were asked for."""
    console = console or open_console(WIDTH_OF_A_FILE)
    console.print(_table(standings, to))
    if any(each.differs for each in standings):
        console.print(Text("Losses of runs with a remark are not comparable with the first one's: they are of another "
                           "text, or another part of it is held out.", "yellow"))  # fmt: skip


def _table(standings: list[Standing], to: float | None) -> Table:
    timed = [] if to is None else [f"to {to:g}"]
    remarks = ["remark"] if any(_remark(each) for each in standings) else []
    titles = ["cell", "size", "parameters", "epochs", "val loss", "bits/char", "at step", "char/s", "time", *timed]
    table = grid(*titles, "run", *remarks, numbers=len(titles))
    names = _names(standings)
    for each, name in zip(standings, names, strict=True):
        row = [*_figures(each), *([_time(each.seconds_to)] if timed else []), name]
        table.add_row(*map(Text, row), *([Text(_remark(each), "yellow")] if remarks else []))
    return table


def _figures(standing: Standing) -> list[str]:
    each = standing
    return [
        each.cell,
        f"{each.num_layers}x{each.hidden_size}",
        f"{each.parameters:,}",
        NOT_KNOWN if each.epochs is None else f"{each.epochs:.2f}",
        NOT_KNOWN if each.val_loss is None else f"{each.val_loss:.4f}",
        NOT_KNOWN if each.bits_per_char is None else f"{each.bits_per_char:.3f}",
        NOT_KNOWN if each.best_step is None else str(each.best_step),
        NOT_KNOWN if each.chars_per_second is None else short(each.chars_per_second),
        _time(each.seconds),
    ]


def _time(seconds: float | None) -> str:
    return NOT_KNOWN if seconds is None else duration(seconds)


def _names(standings: list[Standing]) -> list[str]:
    """The folders' own names where they are all different, else their paths."""
    names = [each.run.name for each in standings]
    return names if len(set(names)) == len(names) else [str(each.run) for each in standings]


def _remark(standing: Standing) -> str:
    other = [f"other {name}" for name in standing.differs]
    return ", ".join(other + ([] if standing.ended else ["not finished"]))
