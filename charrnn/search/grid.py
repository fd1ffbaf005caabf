"""The results of a sweep as a table with a column for each cell, as in Karpathy, Johnson and Fei-Fei 2015."""

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
    """The grid of trials, each given by the settings in which it differs from the others and its loss.

    Among trials that differ only in settings of `best_of`, the lowest loss counts. None unless both cells and other
    settings vary, because the grid would then show nothing new.
    """
    titles: tuple[str, ...] = ()
    cells: dict[str, None] = {}  # in order of first appearance
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for point, loss in found:
        if COLUMNS not in point:
            return None
        titles = tuple(name for name in point if name not in {COLUMNS, *best_of})
        row, cell = rows.setdefault(tuple(str(point[name]) for name in titles), {}), str(point[COLUMNS])
        cells[cell] = None
        if loss is not None:
            row[cell] = min(loss, row.get(cell, loss))
    return Grid(titles, tuple(cells), rows) if len(cells) > 1 and (titles or best_of) else None
