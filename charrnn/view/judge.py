"""A run's samples beside real text, as a table."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.evaluation.quality.report import Figures, QualityReport
from charrnn.hints import visible
from charrnn.view.layout import facts, grid, open_console
from charrnn.view.terminal import note

WIDTH_OF_A_FILE = 100
NOTHING = "-"  # shown where there is nothing to count; a row of nothing else is left out
LONGEST = 300  # characters of a copied passage that are shown
_GRAMS = {1: "different words", 2: "different pairs of words", 3: "different triples of words"}
Rows = Iterator[tuple[str, str]]


def show_report(report: QualityReport, asked: int, console: Console | None = None) -> None:
    """Print a report on standard output, or on `console`; `asked` is the number of texts that was asked for."""
    output = console or open_console(WIDTH_OF_A_FILE)
    note(f"{report.model}, temperature {report.choose.temperature:g}, seed {report.seed}")
    if report.drawn.texts < asked:
        drawn = f"{report.drawn.chars:,} {_unit(report)}"
        note(f"note: the held-out text fills only {drawn} of such texts, so no more were sampled")
    output.print(_table(report))
    if report.drawn.copy:
        output.print()
        output.print(facts([("copied", _shortened(report.drawn.copy))]))


def _table(report: QualityReport) -> Table:
    sides = [side for side in (report.drawn, report.held_out) if side]
    table = grid("", "drawn", *["held out"] * (len(sides) - 1))
    for column in table.columns[1:]:
        column.justify = "right"
    for rows in zip(*(_rows(side, _unit(report)) for side in sides), strict=True):
        values = [value for _, value in rows]
        if any(value != NOTHING for value in values):
            table.add_row(rows[0][0], *map(Text, values))
    return table


def _unit(report: QualityReport) -> str:
    return "bytes" if report.bytes else "characters"


def _rows(figures: Figures, unit: str) -> Rows:
    yield "texts", f"{figures.texts}"
    yield unit, f"{figures.chars:,}"
    yield "words", f"{figures.words:,}"
    yield "  in the training text", _share(figures.known_words)
    for n, share in figures.distinct.items():
        yield f"  {_GRAMS[n]}", _share(share)
    for n, share in figures.copied.items():
        yield f"copied passages of {n} {unit}", _share(share)
    yield "  longest", f"{figures.longest_copy:,}"
    for what, counts in (("lines", figures.lines), ("records", figures.records)):
        if counts:
            yield what, f"{counts.count:,}"
            yield "  new", _share(counts.new)
            yield "  repeated", _share(counts.repeated)
            yield "  copied", _share(counts.copied)
    yield "brackets with a partner", _share(figures.brackets)


def _share(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def _shortened(text: str) -> str:
    shown = visible(text).replace("\n", "\\n")
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"
