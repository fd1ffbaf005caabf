"""How a sweep goes, a line at a time on standard error; and what it found as a table of cells."""

import sys
from collections.abc import Collection

from rich.console import Console

from charrnn.compare import Standing
from charrnn.sweep.jobs import Began, Ended
from charrnn.sweep.trials import Trial
from charrnn.view.layout import grid, open_console
from charrnn.view.wording import visible

WIDTH_OF_A_FILE = 200
COLUMNS = "cell"


def show_grid(
    trials: list[Trial], standings: list[Standing], best_of: Collection[str] = (), console: Console | None = None
) -> None:
    """Validation losses with a column for each cell and a row for all else that varies, where both vary.

    As in Karpathy, Johnson and Fei-Fei 2015. Of trials that differ only in settings of `best_of` it is the lowest loss.
    Printed on standard output, or on `console`.
    """
    losses = {each.run: each.val_loss for each in standings}
    cells = list(dict.fromkeys(trial.point[COLUMNS] for trial in trials if COLUMNS in trial.point))
    rows: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    for trial in trials:
        rest = tuple((name, str(value)) for name, value in trial.point.items() if name not in {COLUMNS, *best_of})
        row, cell = rows.setdefault(rest, {}), trial.point.get(COLUMNS)
        loss = losses.get(trial.run.folder)
        if loss is not None:
            row[cell] = min(loss, row.get(cell, loss))
    if len(cells) < 2 or len(rows) < 2:
        return
    titles = [name for name, _ in next(iter(rows))]
    table = grid(*titles, *cells, numbers=len(titles) + len(cells))
    for rest, row in rows.items():
        found = [row.get(cell) for cell in cells]
        table.add_row(*(value for _, value in rest), *("-" if loss is None else f"{loss:.4f}" for loss in found))
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
        reached = "" if event.val_loss is None else f": val {event.val_loss:.4f}"
        self._print(f"{self._done}/{self._total} {name}{f' failed: {event.error}' if event.error else reached}")

    def _print(self, line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)
