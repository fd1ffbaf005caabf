"""The cells by name: every file in this folder that defines a `Cell` adds one."""

import pkgutil
from importlib import import_module

from charrnn import cells
from charrnn.cells.protocol import Cell


def _found() -> dict[str, Cell]:
    """An instance of each cell, ordered by the names of the files."""
    modules = [f"{cells.__name__}.{each.name}" for each in pkgutil.iter_modules(cells.__path__)]
    kinds = [
        kind
        for module in modules
        if module != __name__
        for kind in vars(import_module(module)).values()
        if isinstance(kind, type) and issubclass(kind, Cell) and kind.__module__ == module and hasattr(kind, "name")
    ]
    return {kind.name: kind() for kind in kinds}


CELLS: dict[str, Cell] = _found()
ALIASES: dict[str, str] = {alias: name for name, cell in CELLS.items() for alias in cell.aliases}
