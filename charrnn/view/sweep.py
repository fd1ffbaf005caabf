"""How a sweep goes, a line at a time on standard error; and what it found as a table of cells."""

import sys

from rich.console import Console

from charrnn.sweep.grid import Grid
from charrnn.sweep.jobs import Began, Ended
from charrnn.view.layout import grid, open_console
from charrnn.view.wording import figure, visible

WIDTH_OF_A_FILE = 200


def show_grid(found: Grid, console: Console | None = None) -> None:
    """A table with a column for each cell and a row for all else; on standard output, or on `console`."""
    table = grid(*found.titles, *found.cells, numbers=len(found.titles) + len(found.cells))
    for rest, losses in found.rows.items():
        table.add_row(*rest, *(figure(losses[cell], 4) if cell in losses else "-" for cell in found.cells))
    console = console or open_console(WIDTH_OF_A_FILE)
    console.print()
    console.print(table)


class SweepView:
    """Counts the trials of a sweep; `finished` of `total` were there before."""

    def __init__(self, total: int, finished: int) -> None:
        self._total, self._done = total, finished
        kept = f", {finished} finished before" if finished else ""
        self._print(f"{total} trial{'s' * (total != 1)}{kept}")

    def show(self, event: Began | Ended) -> None:
        """Print a line about it."""
        name = event.trial.run.folder.name
        if isinstance(event, Began):
            self._print(f"  training {name}")
            return
        self._done += 1
        reached = "" if event.val_loss is None else f": val {figure(event.val_loss, 4)}"
        self._print(f"{self._done}/{self._total} {name}{f' failed: {event.error}' if event.error else reached}")

    def _print(self, line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)
