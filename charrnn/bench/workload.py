"""What is timed: a training step of a certain size on random characters, and what it takes at least."""

from dataclasses import dataclass

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.network.shape import Shape, initial_parameters

CHUNKS = 2  # different stretches of text, taken in turn: enough that gradients do not vanish while it is timed
_FLOAT = 4  # bytes
_SEED = 1


@dataclass(frozen=True)
class Workload:
    """The sizes of a network and of the chunk it learns in one step."""

    cell: str
    vocab_size: int
    hidden_size: int
    num_layers: int
    seq_len: int
    batch_size: int

    @property
    def shape(self) -> Shape:
        """The network's shape."""
        return Shape(self.cell, self.vocab_size, self.hidden_size, self.num_layers)

    @property
    def config(self) -> Config:
        """The settings that all sides train with: Adam and clipping, as they are by default."""
        sizes = {name: getattr(self, name) for name in ("hidden_size", "num_layers", "seq_len", "batch_size")}
        return Config(cell=self.cell, **sizes)

    @property
    def chars(self) -> int:
        """Characters in a step."""
        return self.seq_len * self.batch_size

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products in a training step, forward and backward.

        A product forward means two of the same size backward: for its inputs and for its weights. The input product
        of the first layer is a gather and counts nothing.
        """
        gates = CELLS[self.cell].gates(self.hidden_size)
        recurrent = self.num_layers * gates * self.hidden_size
        between_layers = (self.num_layers - 1) * gates * self.hidden_size
        output = self.hidden_size * self.vocab_size
        return 3 * 2 * self.chars * (recurrent + between_layers + output)

    @property
    def least_bytes(self) -> int:
        """What a training step has to hold: weights, gradients, Adam's two moments, the tape, and the characters.

        The tape is what backward must know of each character: pre-activations and states of every layer, and logits.
        Of the GRUs' last block it is two values, as two products meet in it.
        """
        return _FLOAT * (4 * self.shape.size + self._tape) + CHUNKS * 2 * self.chars * self.id_dtype.itemsize

    @property
    def traffic(self) -> int:
        """Bytes that a training step moves at least to and from memory, if caches keep all that one phase needs again.

        The tape is written and read. Weights are read forward and backward, gradients written, and read for their norm;
        Adam reads both and the two moments, and writes weights and moments.
        """
        return _FLOAT * (11 * self.shape.size + 2 * self._tape)

    @property
    def _tape(self) -> int:
        """Values on the tape."""
        cell = CELLS[self.cell]
        of_layer = len(cell.blocks) + len(cell.states) + cell.saved
        return self.chars * (self.num_layers * of_layer * self.hidden_size + self.vocab_size)

    @property
    def id_dtype(self) -> np.dtype:
        """The smallest that holds every character, as in training."""
        return np.min_scalar_type(self.vocab_size - 1)

    def chunks(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Random inputs (T, B) and targets (T*B,), the same at each call."""
        rng = np.random.default_rng(_SEED)
        text = rng.integers(0, self.vocab_size, (CHUNKS, self.seq_len + 1, self.batch_size), self.id_dtype)
        return [(part[:-1], part[1:].reshape(-1)) for part in text]

    def parameters(self, backend: Backend) -> Flat:
        """Initial weights, the same at each call."""
        return initial_parameters(self.shape, backend, np.random.default_rng(_SEED))
