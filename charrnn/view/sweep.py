"""The progress of a sweep as lines on standard error, and its results as a table with a column for each cell."""

import sys

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from charrnn.hints import counted, visible
from charrnn.search.grid import Grid
from charrnn.search.jobs import Began, Ended
from charrnn.search.trials import Trial
from charrnn.view.layout import grid, open_console
from charrnn.view.wording import duration, figure

WIDTH_OF_A_FILE = 200


def show_grid(found: Grid, console: Console | None = None) -> None:
    """Print a table with a column for each cell and a row for each combination of other settings.

    It is printed on standard output, or on `console`.
    """
    output = console or open_console(WIDTH_OF_A_FILE)
    table = grid(*found.titles, *found.cells, numbers=len(found.titles) + len(found.cells))
    for rest, losses in found.rows.items():
        table.add_row(*map(Text, rest), *_losses(losses, found))
    if Measurement.get(output, output.options.update_width(sys.maxsize), table).maximum > output.width:
        table = _narrow(found)
    output.print()
    output.print(table)


def _narrow(found: Grid) -> Table:
    """The table with the other settings in one column, which can be folded."""
    table = grid(*found.cells, "settings", numbers=len(found.cells))
    for rest, losses in found.rows.items():
        settings = ", ".join(f"{name}={value}" for name, value in zip(found.titles, rest, strict=True))
        table.add_row(*_losses(losses, found), Text(settings))
    return table


def _losses(losses: dict[str, float], found: Grid) -> list[str]:
    return [figure(losses[cell], 4) if cell in losses else "-" for cell in found.cells]


class SweepView:
    """Reports the progress of a sweep; the trials in `left` are not finished."""

    def __init__(self, trials: list[Trial], left: list[Trial]) -> None:
        self._total = len(trials)
        self._done = len(trials) - len(left)
        self._print(f"{_size(trials)}{f', {self._done} finished before' if self._done else ''}")

    def show(self, event: Began | Ended) -> None:
        """Print a line about an event."""
        name = event.trial.run.folder.name
        if isinstance(event, Began):
            self._print(f"  training {name}")
            return
        self._done += 1
        reached = "" if event.val_loss is None else f": val {figure(event.val_loss, 4)}"
        left = "" if event.seconds_left is None else f"; about {duration(event.seconds_left)} left"
        self._print(f"{self._done}/{self._total} {name}{f' failed: {event.error}' if event.error else reached}{left}")

    def interrupted(self) -> None:
        """Say how to continue; call it when the trials have saved their state."""
        self._print(f"interrupted after {self._done} of {self._total}; the same command continues")

    def _print(self, line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)


def _size(trials: list[Trial]) -> str:
    """The number of trials and their budget, such as `72 trials of 3 epochs each`."""
    budgets = {trial.budget for trial in trials}
    number = counted(len(trials), "trial")
    if len(budgets) > 1:  # the names of the trials say which one each has
        return number
    return f"{number} of {budgets.pop()}{' each' * (len(trials) != 1)}"
