"""The training step that is timed: its sizes, its random characters, and the least operations and bytes it needs."""

from dataclasses import dataclass

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.kernels.protocol import Kernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape, initial_parameters

CHUNKS = 2  # alternating stretches of text, so that gradients do not vanish during the timing
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
        """The settings that all sides train with: the default optimizer and clipping."""
        sizes = {name: getattr(self, name) for name in ("hidden_size", "num_layers", "seq_len", "batch_size")}
        return Config(cell=self.cell, **sizes)

    @property
    def chars(self) -> int:
        """Characters in a step."""
        return self.seq_len * self.batch_size

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products in a training step, forward and backward.

        Each product in the forward pass has two of the same size in the backward pass, for its inputs and for its
        weights. The input product of the first layer is a gather and is not counted.
        """
        gates = CELLS[self.cell].gates(self.hidden_size)
        recurrent = self.num_layers * gates * self.hidden_size
        between_layers = (self.num_layers - 1) * gates * self.hidden_size
        output = self.hidden_size * self.vocab_size
        return 3 * 2 * self.chars * (recurrent + between_layers + output)

    @property
    def least_bytes(self) -> int:
        """Bytes that a training step must hold: weights, gradients, Adam's two moments, the tape and the characters.

        The tape is what the backward pass needs from the forward pass for each character: pre-activations and states
        of every layer, and logits. The last block of a GRU counts twice, because two products meet in it.
        """
        return _FLOAT * (4 * self.shape.size + self._tape) + CHUNKS * 2 * self.chars * self.id_dtype.itemsize

    @property
    def traffic(self) -> int:
        """Fewest bytes that a training step moves to and from memory, if caches keep everything that a phase reuses.

        The tape is written and read. Weights are read forward and backward; gradients are written, and read for their
        norm. Adam reads weights, gradients and both moments, and writes weights and moments.
        """
        return _FLOAT * (11 * self.shape.size + 2 * self._tape)

    @property
    def _tape(self) -> int:
        """Number of values on the tape."""
        cell = CELLS[self.cell]
        per_layer = len(cell.blocks) + len(cell.states) + cell.saved
        return self.chars * (self.num_layers * per_layer * self.hidden_size + self.vocab_size)

    @property
    def id_dtype(self) -> np.dtype:
        """The smallest dtype that holds every character, as in training."""
        return np.min_scalar_type(self.vocab_size - 1)

    def chunks(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Random inputs (T, B) and targets (T*B,); every call returns the same."""
        rng = np.random.default_rng(_SEED)
        text = rng.integers(0, self.vocab_size, (CHUNKS, self.seq_len + 1, self.batch_size), self.id_dtype)
        return [(part[:-1], part[1:].reshape(-1)) for part in text]

    def parameters(self, backend: Backend) -> Flat:
        """Initial weights; every call returns the same."""
        return initial_parameters(self.shape, backend, np.random.default_rng(_SEED))

    def network(self, params: Flat, backend: Backend, kernels: Kernels) -> Network:
        """A network of `params` that can be trained."""
        return Network(
            self.shape, params, backend, kernels, seq_len=self.seq_len, batch_size=self.batch_size, training=True
        )
