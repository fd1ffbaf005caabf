"""What a sweep found as a table with a column for each cell, as in Karpathy, Johnson and Fei-Fei 2015."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from charrnn.search.plan import Settings

COLUMNS = "cell"


class Grid(NamedTuple):
    """Lowest validation losses: `rows` map the values of the settings `titles` to losses by cell."""

    titles: tuple[str, ...]
    cells: tuple[str, ...]
    rows: dict[tuple[str, ...], dict[str, float]]


def cell_grid(found: Iterable[tuple[Settings, float | None]], best_of: Collection[str]) -> Grid | None:
    """The grid of trials, given by what they differ in and what they came to.

    Of trials that differ only in settings of `best_of` it is the lowest loss. None where it would tell nothing new:
    unless cells vary, and other settings with them.
    """
    titles: tuple[str, ...] = ()
    cells: dict[str, None] = {}
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for point, loss in found:
        titles = tuple(name for name in point if name not in {COLUMNS, *best_of})
        row, cell = rows.setdefault(tuple(str(point[name]) for name in titles), {}), point.get(COLUMNS)
        cells[cell] = None
        if loss is not None:
            row[cell] = min(loss, row.get(cell, loss))
    return Grid(titles, tuple(cells), rows) if len(cells) > 1 and (titles or best_of) else None
