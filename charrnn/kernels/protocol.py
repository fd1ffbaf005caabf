"""The contract of all kernels: every operation that a network and its training are built from.

Reference, NumPy, CPU and CUDA kernels implement it; the reference is the readable one, and tests compare the others
with it. Letters are those of `charrnn.cells.protocol`; V is the size of the vocabulary. Arrays are of the kernels'
array module `xp` and of their dtype, C-contiguous unless stated otherwise.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from charrnn.cells.protocol import State

# Dropout masks are made from random bytes, which take a quarter of the memory of floats: fractions are multiples of
# 1/256.
MASK_LEVELS = 256


class Recurrence(Protocol):
    """One recurrent layer over whole sequences, bound to its buffers.

    It owns what it returns: arrays stay valid until the next call, and may be passed back in as they are.
    """

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """Run over z (T, B, G), which is overwritten; T is at most the length that the layer was built for.

        `params` holds weight_hh (G, H), bias_hh (G,) and the cell's further parameters. Returns h (T, B, H) and the
        last state.
        """

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """Compute gradients through the last `forward`, once, and only if the layer was built for training.

        dh is (T, B, H); dstate is the gradient of the last state, zero if left out. Writes the gradients of `params`
        into `grads`; returns dz (T, B, G) and the gradient of the first state.
        """


class CompiledSampler(Protocol):
    """A loop that samples text without a Python step for each character."""

    def sample(
        self, logits: Any, states: list[State], draws: Any, *, temperature: float, top_k: int, top_p: float
    ) -> Any:
        """Ids (steps, B) of int32, one for each of draws (steps, B), uniform in [0, 1).

        The first ids are chosen from logits (B, V). Logits and states (a tuple per layer) become those after the last
        id.
        """


class Kernels(Protocol):
    """The operations. A method that writes to `out` returns nothing unless stated otherwise."""

    name: str
    xp: Any  # NumPy or CuPy
    precision: str  # actual precision of matrix products; see the setting of that name
    chooses: bool  # whether there is `choose`

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """A recurrent layer for sequences up to this size; only with `training` does it have a backward.

        Kernels without an implementation of the cell leave it to the next slower ones; `refusals` says why.
        """

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        """One line for each faster implementation of such a layer that these kernels pass over: which, and why."""

    def sampler(self, cell: str, params: Any, num_layers: int, batch_size: int) -> CompiledSampler | None:
        """A compiled sampling loop; None if the network has to run step by step.

        `params` maps torch's names to arrays.
        """

    def set_threads(self, threads: int) -> None:
        """Use this number of threads from now on.

        Raises:
            Unsupported: these kernels leave threads to their libraries.
        """

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        """out = a b, plus `bias` (columns,) in every row; a and b may be transposed or parts of larger matrices."""

    def column_sums(self, a: Any, out: Any) -> None:
        """out[j] = the sum of column j of a (N, G)."""

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        """out[n] = table[ids[n]]; table (V, G), ids (N,), out (N, G)."""

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """out[v] = the sum of the rows whose id is v; ids (N,), rows (N, G), out (V, G)."""

    def read_streams(self, text: Any, starts: Any, out: Any) -> None:
        """out[t][b] = text[starts[b] + t]; out (T, B) of the text's dtype."""

    def dropout_mask(self, mask: Any, dropped: int, *, seed: int, number: int, step: int) -> None:
        """Each value becomes 0 with probability dropped / MASK_LEVELS, else 1 / (the fraction that is kept).

        Each value takes a byte of NumPy's Philox with `seed` as its key, and `number` and `step` as the upper half of
        its counter.
        """

    def apply_mask(self, a: Any, mask: Any, out: Any) -> None:
        """out = a times mask, which is broadcast; out may be a."""

    def approach(self, a: Any, b: Any, share: float, s: Any) -> None:
        """a += (b - a) share; s is scratch of the same size (N,)."""

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        """Nats of each target (N,) under the softmax of logits (N, V), which become log-probabilities."""

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        """Mean nats per character; the logits (N, V) become the gradient of that mean: (softmax - one-hot) / N."""

    def choose(self, logits: Any, draws: Any, ids: Any, *, temperature: float, top_k: int, top_p: float) -> None:
        """Write an id (B,) for each row of logits (B, V), as `charrnn.sampling.sampler.Filter` chooses it."""

    def norm(self, a: Any) -> Any:
        """The square root of the sum of squares of a (N,)."""

    def clip(self, a: Any, limit: float) -> Any:
        """Scale a (N,) down to a norm of `limit` if it is larger; returns the norm before, still on the device."""

    def adam(
        self,
        w: Any,
        dw: Any,
        s: Any,
        mean: Any,
        square_mean: Any,
        rate: float,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        """Update the moments by dw, then w -= rate mean / (sqrt(square_mean) + epsilon); may overwrite dw and s."""
