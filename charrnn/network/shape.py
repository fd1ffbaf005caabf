"""The shape of a network: names and sizes of all its weights, and their initial values.

Names and shapes are PyTorch's, so `rnn.*` loads into torch.nn.LSTM, GRU or RNN, and `head.*` into torch.nn.Linear. The
further parameters of a cell are `rnn.NAME_lLAYER`.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.cells.protocol import Cell
from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend


@dataclass(frozen=True)
class Shape:
    """Everything that determines the names and shapes of a network's weights."""

    cell: str
    vocab_size: int
    hidden_size: int
    num_layers: int
    embedding_size: int = 0

    @classmethod
    def of(cls, config: Config, vocab_size: int) -> "Shape":
        """The shape of the network that `config` describes."""
        return cls(config.cell, vocab_size, config.hidden_size, config.num_layers, config.embedding_size)

    @property
    def kind(self) -> Cell:
        """The cell of all layers."""
        return CELLS[self.cell]

    @property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all weights by name."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.embedding_size:
            shapes["embedding.weight"] = (self.vocab_size, self.embedding_size)
        for layer in range(self.num_layers):
            inputs = self.hidden_size if layer else self.embedding_size or self.vocab_size
            for name, shape in self.kind.layer_shapes(inputs, self.hidden_size).items():
                shapes[f"rnn.{name}_l{layer}"] = shape
        shapes["head.weight"] = (self.vocab_size, self.hidden_size)
        shapes["head.bias"] = (self.vocab_size,)
        return shapes

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(int(np.prod(shape)) for shape in self.parameters.values())

    def __str__(self) -> str:
        embedded = f", embedding {self.embedding_size}" if self.embedding_size else ""
        return f"{self.cell} {self.num_layers}x{self.hidden_size}{embedded}"


def initial_parameters(shape: Shape, backend: Backend, rng: np.random.Generator) -> Flat:
    """Initial weights: uniform in ±1/sqrt(H) as in PyTorch, but larger for the input; biases as the cell says.

    A one-hot vector selects a single weight of each unit, so these weights are uniform in ±1; with ±1/sqrt(H) a network
    learns much more slowly. The weights of an embedding are normal.
    """
    bound = shape.hidden_size**-0.5
    fill = {name: rng.uniform(-bound, bound, size) for name, size in shape.parameters.items()}
    if shape.embedding_size:
        fill["embedding.weight"] = rng.normal(size=fill["embedding.weight"].shape)
    else:
        fill["rnn.weight_ih_l0"] /= bound
    cell = shape.kind
    for layer in range(shape.num_layers):
        if cell.bias_start:  # both biases add up, so one of them starts at zero
            start = np.repeat([cell.bias_start.get(block, 0.0) for block in cell.blocks], shape.hidden_size)
            fill[f"rnn.bias_ih_l{layer}"], fill[f"rnn.bias_hh_l{layer}"] = start, np.zeros_like(start)
        for name, parameter in cell.parameters.items():
            if parameter.start is not None:
                fill[f"rnn.{name}_l{layer}"][...] = parameter.start
    return Flat(backend.xp, shape.parameters, backend.dtype, {n: backend.to_device(v) for n, v in fill.items()})
