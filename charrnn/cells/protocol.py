"""The protocol between a network, a cell, and the kernels that run a cell over a sequence.

Notation, here and in every cell and kernel: T = seq_len, B = batch_size, H = hidden_size, G = blocks * H.

    z  (T, B, G)  input product of all time steps, made outside: x W_ih^T + b_ih
    r  (B, G)     recurrent product of one time step: h W_hh^T + b_hh
    h  (T, B, H)  output; the state is a tuple of (B, H) arrays whose first is h

A cell is pointwise in z, r and its state. So a kernel has to know only the cell's pointwise text, and a new cell gets
every kernel that is written in terms of it. The gradient of `a` is called `da`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

State = tuple[Any, ...]


class Cell(Protocol):
    """The mathematics of one time step.

    `gated` cells are a `GatedCell`. They read part of the recurrent product from a gated output: their last block
    multiplies not h but `gate(...)`, a pointwise function of h and the blocks before it (the GRU of Cho et al. 2014).
    """

    blocks: ClassVar[int]  # pre-activations per unit, in torch's order
    states: ClassVar[tuple[str, ...]]  # the output h first
    start: ClassVar[tuple[float, ...]]  # of bias_ih, a value per block
    added: ClassVar[int]  # so many blocks, from the first on, are functions of z + r, so that their dz is their dr
    gated: ClassVar[bool]
    keeps: ClassVar[bool]  # whether a unit has one more value for the way back than its blocks, as pointwise.h says

    def step(self, xp: Any, z: Any, r: Any, state: State) -> tuple[State, Any]:
        """One time step: the new state, and what `step_backward` needs."""

    def step_backward(self, xp: Any, saved: Any, dstate: State) -> tuple[Any, Any, State]:
        """dz, dr, and the gradient of the old state as far as it does not pass through r."""


class GatedCell(Cell, Protocol):
    """What a gated cell has besides. Its `step_backward` leaves the blocks at zero that `gate_backward` then fills."""

    def gate(self, xp: Any, z: Any, r: Any, state: State) -> tuple[Any, Any]:
        """The gated output (B, H) from all blocks of z and r but the last, and what `gate_backward` needs."""

    def gate_backward(self, xp: Any, saved: Any, dgated: Any, dz: Any) -> tuple[Any, Any]:
        """dz (B, G) complete, and the gradient of h as far as it passes through the gate."""


class Recurrence(Protocol):
    """One recurrent layer over whole sequences, bound to its buffers.

    It owns what it returns: arrays stay valid until the next call, and may be passed back in as they are.
    """

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """Run over z (T, B, G), T at most the length it was built for; z is used up. Returns h and the last state.

        `params` holds weight_hh (G, H) and bias_hh (G,).
        """

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """Gradients through the last `forward`; once, and only if built for training.

        dh is (T, B, H), dstate belongs to the last state and is zero if left out.
        Writes grads["weight_hh"] and grads["bias_hh"]; returns dz and the gradient of the first state.
        """
