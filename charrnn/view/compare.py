"""Runs compared in a table."""

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.evaluation.compare import Standing
from charrnn.view.layout import GAP, folded, grid, open_console
from charrnn.view.wording import duration, figure, short

WIDTH_OF_A_FILE = 200
NOT_KNOWN = "-"
ENOUGH = {"run": 30, "remark": 18}  # characters that a column has room for on a line
# Columns to leave out on a narrow terminal, in this order; the loss, and the time to a loss that was asked for, stay.
SPARED = ("at step", "epochs", "char/s", "bits/char", "time", "parameters", "size", "cell")
SHOWN = ("cell", "num_layers", "hidden_size")  # settings that have columns

Row = dict[str, str]  # texts by the titles of their columns


def show_standings(standings: list[Standing], to: float | None = None, console: Console | None = None) -> None:
    """Print runs in their order on standard output, or on `console`; `to` is the loss whose times to show."""
    output = console or open_console(WIDTH_OF_A_FILE)
    rows = [_figures(each, to) for each in standings]
    texts = _texts(standings)
    kept, room = _fit(rows, texts, output.width)
    output.print(_table([{title: row[title] for title in kept} for row in rows], texts, room))
    if spared := [title for title in rows[0] if title not in kept]:
        output.print(Text(f"no room for {', '.join(spared)}; a wider terminal and --json show all columns", "dim"))
    if varied := [name for name in standings[0].settings if name not in SHOWN]:
        output.print(Text(f"differ in: {', '.join(varied)}", "dim"))
    if any(each.differs for each in standings):
        reference = next(row["run"] for row, each in zip(texts, standings, strict=True) if each.run == each.reference)
        output.print(
            Text(
                f'Losses marked "other ..." are not comparable with that of {reference}: those runs used another text '
                "or split.",
                "yellow",
            )
        )


def _table(figures: list[Row], texts: list[Row], room: int) -> Table:
    """The table; `room` is the width of the column of names."""
    table = grid(*figures[0], *texts[0], numbers=len(figures[0]))
    table.columns[len(figures[0])].width = room
    for numbers, words in zip(figures, texts, strict=True):
        name, *remarks = words.values()
        table.add_row(*map(Text, (*numbers.values(), folded(name, room))), *(Text(each, "yellow") for each in remarks))
    return table


def _fit(figures: list[Row], texts: list[Row], width: int) -> tuple[list[str], int]:
    """The figures that fit on a line of `width` beside names and remarks, and the width of the column of names."""
    kept = {title: GAP + _widest(title, figures) for title in figures[0]}
    name, *remarks = (_widest(title, texts) for title in texts[0])
    room = width - sum(kept.values()) - sum(GAP + min(each, ENOUGH["remark"]) for each in remarks)
    for title in SPARED:
        if room < min(name, ENOUGH["run"]):
            room += kept.pop(title)
    return list(kept), max(min(name, room), len("run"))


def _widest(title: str, rows: list[Row]) -> int:
    return max(cell_len(title), *(cell_len(row[title]) for row in rows))


def _figures(standing: Standing, to: float | None) -> Row:
    each = standing
    return {
        "cell": each.cell,
        "size": f"{each.num_layers}x{each.hidden_size}",
        "parameters": f"{each.parameters:,}",
        "epochs": NOT_KNOWN if each.epochs is None else f"{each.epochs:.2f}",
        "val loss": NOT_KNOWN if each.val_loss is None else figure(each.val_loss, 4),
        "bits/char": NOT_KNOWN if each.bits_per_char is None else figure(each.bits_per_char, 3),
        "at step": NOT_KNOWN if each.best_step is None else str(each.best_step),
        "char/s": NOT_KNOWN if each.chars_per_second is None else short(each.chars_per_second),
        "time": _time(each.seconds),
    } | ({} if to is None else {f"to {to:g}": _time(each.seconds_to)})


def _texts(standings: list[Standing]) -> list[Row]:
    """The names of the runs, and remarks if there are any."""
    rows = [{"run": name, "remark": _remark(each)} for each, name in zip(standings, _names(standings), strict=True)]
    remarks = any(row["remark"] for row in rows)
    return rows if remarks else [{"run": row["run"]} for row in rows]


def _time(seconds: float | None) -> str:
    return NOT_KNOWN if seconds is None else duration(seconds)


def _names(standings: list[Standing]) -> list[str]:
    """The folders' own names if they are all different, else their paths."""
    names = [each.run.name for each in standings]
    return names if len(set(names)) == len(names) else [str(each.run) for each in standings]


def _remark(standing: Standing) -> str:
    other = [f"other {name}" for name in standing.differs]
    return ", ".join(other + ([] if standing.ended else [f"not finished (step {standing.steps})"]))
