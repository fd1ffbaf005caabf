"""The pointwise mathematics of the cells for compiled kernels: NAME.h for the cell in `charrnn/cells/NAME.py`.

A header is written once for C++ and CUDA, forward and backward. The cell's traits, which kernels must know as well, are
generated from the Python class, so that they are declared in one place.
"""

from pathlib import Path

from charrnn.cells.protocol import Cell
from charrnn.cells.registry import CELLS
from charrnn.errors import Unsupported

HEADERS = Path(__file__).parent
UNIT = HEADERS / "unit.h"


def compiled_cells() -> list[Cell]:
    """The cells that have a header."""
    return [cell for cell in CELLS.values() if _path(cell).is_file()]


def require_header(cell: Cell) -> None:
    """Check that the cell can be compiled.

    Raises:
        Unsupported: it has no header.
    """
    if not _path(cell).is_file():
        raise Unsupported(f"{cell.name} has no compiled step")


def structure(cell: Cell) -> str:
    """The C++ text of a cell: its traits and its header.

    Raises:
        Unsupported: it has no header.
    """
    require_header(cell)
    _check(cell)
    traits = {
        "int blocks": len(cell.blocks),
        "bool has_c": len(cell.states) > 1,
        "bool saves": cell.saved > 0,
        "bool two_products": cell.two_products,
    }
    lines = [f"    static constexpr {name} = {str(value).lower()};" for name, value in traits.items()]
    declaration = "\n".join([f"struct {cell.structure}Traits {{", *lines, "};"])
    return f"{declaration}\n\n{_path(cell).read_text(encoding='utf-8')}"


def _path(cell: Cell) -> Path:
    return HEADERS / f"{cell.module}.h"


def _check(cell: Cell) -> None:
    """Refuse a cell that does not fit unit.h: two states, one saved value, and no weights other than PyTorch's."""
    assert all(dimensions == ("H",) for dimensions in cell.states.values()), cell.name
    assert len(cell.states) <= 2 and cell.saved <= 1 and not cell.parameters, cell.name
    assert len(cell.reads_gate) <= 1 and len(cell.apart) <= 1, cell.name
