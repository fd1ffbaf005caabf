"""The time loops by cell: a loop's file and class have the names of the cell's file and class."""

from importlib import import_module
from importlib.util import find_spec

from charrnn.cells.protocol import Cell
from charrnn.errors import Unsupported
from charrnn.kernels.numpy.time_loop import TimeLoop


def find_time_loop(cell: Cell) -> type[TimeLoop]:
    """The loop that runs this cell.

    Raises:
        Unsupported: the cell has none.
    """
    module = f"{__name__}.{cell.module}"
    if find_spec(module) is None:
        raise Unsupported(f"{cell.name} has none")
    loop: type[TimeLoop] = getattr(import_module(module), cell.structure)
    return loop
