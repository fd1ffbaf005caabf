"""The protocol of a cell: the mathematics of one time step, and one record of all that charrnn needs to know about it.

Notation, here and in every cell and kernel: T = seq_len, B = batch_size, H = hidden_size, G = blocks * H.

    z  (T, B, G)  input product of all time steps, computed outside the cell: x W_ih^T + b_ih
    r  (B, G)     recurrent product of one time step: h W_hh^T + b_hh
    h  (B, H)     output; the state is a tuple of arrays whose first is h

The gradient of `a` is called `da`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

State = tuple[Any, ...]
Parameters = Mapping[str, Any]  # arrays by short name, without "rnn." and the layer's number
Dimensions = tuple[str, ...]  # "H" is hidden_size, "I" the size of the layer's input


class Parameter(NamedTuple):
    """A weight that a cell has in addition to weight_ih, weight_hh and their biases.

    It starts uniform in ±1/sqrt(H), or at `start`.
    """

    dimensions: Dimensions
    start: float | None = None


class TorchModule(NamedTuple):
    """The module in torch.nn that computes the same function with the same weights."""

    name: str
    options: Mapping[str, Any] = MappingProxyType({})


class Gradients(NamedTuple):
    """The result of `Cell.step_backward`: dz, dr (both (B, G)), dstate, and the gradients of further parameters.

    `state` is the gradient of the old state without the part that passes through r.
    """

    z: Any
    r: Any
    state: State
    parameters: Parameters = MappingProxyType({})


class Cell(ABC):
    """One time step of a recurrent layer.

    A subclass is the only declaration of a cell: the registry finds it by its file, and settings, kernels, presets,
    the sampler, the benchmark and the tests read the fields below. Its docstring has its equations and their source.
    """

    name: ClassVar[str]  # what `--cell` takes
    aliases: ClassVar[tuple[str, ...]] = ()  # other names that `--cell` takes
    blocks: ClassVar[tuple[str, ...]]  # pre-activations of a unit, in the order of the weights' rows
    states: ClassVar[Mapping[str, Dimensions]] = MappingProxyType({"h": ("H",)})  # without the batch; h first
    bias_start: ClassVar[Mapping[str, float]] = MappingProxyType({})  # if any, all other blocks start at 0
    reads_gate: ClassVar[tuple[str, ...]] = ()  # last blocks whose recurrent product reads `gate(...)` instead of h
    apart: ClassVar[tuple[str, ...]] = ()  # last blocks that use z and r apart; the others use only z + r, so dz = dr
    saved: ClassVar[int] = 0  # values of a unit that compiled kernels keep for backward, in addition to the blocks
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})  # further weights, by short name
    bounded: ClassVar[bool] = True  # whether h stays within ±1
    gated: ClassVar[bool] = False  # whether gates make it tolerate high learning rates, such as the presets'
    torch: ClassVar[TorchModule | None] = None

    @abstractmethod
    def step(self, xp: Any, z: Any, r: Any, state: State, p: Parameters) -> tuple[State, Any]:
        """One time step with z and r (B, G): the new state, and what `step_backward` needs."""

    @abstractmethod
    def step_backward(self, xp: Any, saved: Any, dstate: State, p: Parameters) -> Gradients:
        """The gradients of everything that `step` read, from those of the new state."""

    def gate(self, xp: Any, z: Any, r: Any, state: State) -> tuple[Any, Any]:
        """The output (B, H) that the blocks in `reads_gate` multiply, and what `gate_backward` needs.

        z and r hold only the blocks before those. `step_backward` leaves at zero the blocks that `gate_backward` fills.
        """
        raise NotImplementedError

    def gate_backward(self, xp: Any, saved: Any, dgate: Any, dz: Any) -> tuple[Any, Any]:
        """The complete dz (B, G), and the gradient of h through the gate; dgate is (B, H)."""
        raise NotImplementedError

    @property
    def module(self) -> str:
        """The name of the cell's file, and of the files of its kernels."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def structure(self) -> str:
        """The name of the cell's class, and of its C++ structure."""
        return type(self).__name__

    @property
    def two_products(self) -> bool:
        """Whether a time step has a second recurrent product, which waits for the first."""
        return bool(self.reads_gate)

    @property
    def summed(self) -> int:
        """The number of leading blocks that use only z + r."""
        return len(self.blocks) - len(self.apart)

    def gates(self, hidden_size: int) -> int:
        """G, the rows of weight_ih and weight_hh."""
        return len(self.blocks) * hidden_size

    def state_shapes(self, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """The shape of each state of one text, by name."""
        return {name: _sizes(dimensions, H=hidden_size) for name, dimensions in self.states.items()}

    def layer_shapes(self, inputs: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """The shapes of a layer's weights by short name, PyTorch's four first."""
        gates = self.gates(hidden_size)
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (gates, inputs),
            "weight_hh": (gates, hidden_size),
            "bias_ih": (gates,),
            "bias_hh": (gates,),
        }
        for name, parameter in self.parameters.items():
            shapes[name] = _sizes(parameter.dimensions, H=hidden_size, I=inputs)
        return shapes


def _sizes(dimensions: Dimensions, **sizes: int) -> tuple[int, ...]:
    return tuple(sizes[letter] for letter in dimensions)
