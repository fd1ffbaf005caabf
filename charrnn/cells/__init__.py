"""The cells: one file each, nothing but the mathematics of a time step. A new cell is a file and a line here."""

from charrnn.cells.gru import GRU, GRUBefore
from charrnn.cells.lstm import LSTM
from charrnn.cells.vanilla import ReLU, Tanh
from charrnn.recurrence import Cell

CELLS: dict[str, Cell] = {
    "lstm": LSTM(),
    "gru": GRU(),
    "gru-before": GRUBefore(),
    "tanh": Tanh(),
    "relu": ReLU(),
}
