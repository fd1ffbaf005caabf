"""The cells: one file each, nothing but the mathematics of a time step.

A new cell begins with a file and a line here and its name in `charrnn.config.CELLS`: `--kernel reference` trains it.
The faster kernels know cells by name, and have to learn it: its lines in `kernels/pointwise.h` (`kernels/fused.py` for
NumPy), and an entry wherever a table in `kernels/` lists the others.
"""

from charrnn.cells.gru import GRU, GRUBefore
from charrnn.cells.lstm import LSTM
from charrnn.cells.protocol import Cell
from charrnn.cells.vanilla import ReLU, Tanh

CELLS: dict[str, Cell] = {
    "lstm": LSTM(),
    "gru": GRU(),
    "gru-before": GRUBefore(),
    "tanh": Tanh(),
    "relu": ReLU(),
}
