"""The readable implementation of everything a network needs: any cell, any array module, any dtype.

Every faster kernel is tested against this one, forward and backward.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells import CELLS
from charrnn.cells.protocol import Cell, Recurrence, State
from charrnn.errors import Unsupported
from charrnn.network.regularization import LEVELS


class Unrolled:
    """A recurrence as its equations say: a list of time steps, run forth and back."""

    def __init__(self, xp: Any, cell: Cell, training: bool = True) -> None:
        self.xp, self.cell, self.training = xp, cell, training
        self._tape: list[tuple[Any, Any, Any]] = []

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """See `Recurrence.forward`."""
        self._tape = []
        outputs = []
        for z_t in z:
            h = state[0]
            r, gated, saved_gate = self._product(params, z_t, state)
            state, saved = self.cell.step(self.xp, z_t, r, state)
            outputs.append(state[0])
            if self.training:
                self._tape.append((h, gated, (saved, saved_gate)))
        return self.xp.stack(outputs), state

    def _product(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, Any, Any]:
        """r (B, G), and for a gated cell the gated output that its last block read."""
        h, weight, bias = state[0], params["weight_hh"], params["bias_hh"]
        if not self.cell.gated:
            return h @ weight.T + bias, None, None
        last = weight.shape[0] - h.shape[-1]
        r = h @ weight[:last].T + bias[:last]
        gated, saved = self.cell.gate(self.xp, z[:, :last], r, state)
        return self.xp.concatenate((r, gated @ weight[last:].T + bias[last:]), axis=-1), gated, saved

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """See `Recurrence.backward`."""
        weight, xp = params["weight_hh"], self.xp
        last = weight.shape[0] - dh.shape[-1] if self.cell.gated else weight.shape[0]
        if dstate is None:
            dstate = tuple(xp.zeros_like(dh[0]) for _ in self.cell.states)
        grads["weight_hh"][...] = 0
        grads["bias_hh"][...] = 0
        dz = []
        for (h, gated, (saved, saved_gate)), dh_t in zip(reversed(self._tape), dh[::-1], strict=True):
            dz_t, dr, (dh_old, *rest) = self.cell.step_backward(xp, saved, (dstate[0] + dh_t, *dstate[1:]))
            if gated is not None:
                dz_t, dh_gate = self.cell.gate_backward(xp, saved_gate, dr[:, last:] @ weight[last:], dz_t)
                dr, dh_old = dz_t, dh_old + dh_gate
                grads["weight_hh"][last:] += dr[:, last:].T @ gated
            grads["weight_hh"][:last] += dr[:, :last].T @ h
            grads["bias_hh"][...] += dr.sum(0)
            dstate = (dh_old + dr[:, :last] @ weight[:last], *rest)
            dz.append(dz_t)
        self._tape = []
        return xp.stack(dz[::-1]), dstate


class ReferenceKernels:
    """What a network is built from, in plain array operations of `xp` (NumPy or CuPy)."""

    name = "reference"
    precision = "float32"  # of matrix products, as they really are; see the setting of that name
    chooses = False  # whether there is a `choose`

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        """A recurrent layer for sequences up to this size; only with `training` is there a backward."""
        return Unrolled(self.xp, CELLS[cell], training)

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        """For each faster recurrence of these kernels that does not take such a layer one line that says why."""
        return ()

    def set_threads(self, threads: int) -> None:
        """Run on so many threads from now on.

        Raises:
            Unsupported: these kernels leave that to their libraries.
        """
        raise Unsupported(
            f"the {self.name} kernels have no threads of their own; NumPy's are set by OPENBLAS_NUM_THREADS"
        )

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        """out = a b, plus `bias` (columns,) in every row."""
        self.xp.matmul(a, b, out=out)
        if bias is not None:
            out += bias

    def column_sums(self, a: Any, out: Any) -> None:
        """out[j] = the sum of column j of a (N, G)."""
        a.sum(axis=0, out=out)

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        """out[n] = table[ids[n]]; table (V, G), ids (N,), out (N, G)."""
        out[...] = table[ids]

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """out[v] = the sum of the rows whose id is v; ids (N,), rows (N, G), out (V, G)."""
        one_hot = ids[None, :] == self.xp.arange(out.shape[0])[:, None]
        out[...] = one_hot.astype(rows.dtype) @ rows

    def read_streams(self, text: Any, starts: Any, out: Any) -> None:
        """out[t][b] = text[starts[b] + t]; out (T, B) of the text's dtype."""
        out[...] = text[starts[None, :] + self.xp.arange(len(out))[:, None]]

    def dropout_mask(self, mask: Any, dropped: int, *, seed: int, number: int, step: int) -> None:
        """Each value becomes 0 with probability dropped / LEVELS, and else one over the share that is kept.

        It is a byte of NumPy's Philox with `seed` as its key, and `number` and `step` as the upper half of its counter.
        """
        counted = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, number, step]))
        draws = np.frombuffer(counted.bytes(mask.size), np.uint8).reshape(mask.shape)
        kept = self.xp.asarray(draws >= dropped)
        self.xp.multiply(kept, LEVELS / (LEVELS - dropped), out=mask, casting="unsafe")

    def apply_mask(self, a: Any, mask: Any, out: Any) -> None:
        """out = a times mask, which is broadcast; out may be a."""
        self.xp.multiply(a, mask, out=out)

    def approach(self, a: Any, b: Any, share: float, s: Any) -> None:
        """a += (b - a) share; s is scratch of the same size (N,)."""
        self.xp.subtract(b, a, out=s)
        s *= share
        a += s

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        """Nats of each target (N,) under softmax of logits (N, V), which are left as log-probabilities.

        The largest logit is taken off first, so that nothing overflows.
        """
        xp = self.xp
        logits -= logits.max(axis=1, keepdims=True)
        logits -= xp.log(xp.exp(logits).sum(axis=1, keepdims=True))
        return -logits[xp.arange(len(targets)), targets]

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        """Mean nats per character; the logits (N, V) become the gradient of that mean: (softmax - one-hot) / N."""
        xp, count = self.xp, len(targets)
        nats = self.cross_entropy(logits, targets)
        xp.exp(logits, out=logits)
        logits[xp.arange(count), targets] -= 1
        logits /= count
        return nats.mean()

    def sampler(self, cell: str, params: Any, num_layers: int, batch_size: int) -> Any:
        """A compiled loop that draws text, as `kernels.cpu.sampling.Sampler`; None where a network is run step by step.

        `params` maps torch's names to arrays.
        """
        return None

    def choose(self, logits: Any, draws: Any, ids: Any, *, temperature: float, top_k: int, top_p: float) -> None:
        """Write an id (B,) for each row of logits (B, V), where these lie, as `charrnn.sampling.sampler.Filter` chooses it."""
        raise NotImplementedError

    def norm(self, a: Any) -> Any:
        """The square root of the sum of squares of a (N,)."""
        return self.xp.sqrt(self.xp.dot(a, a))

    def clip(self, a: Any, limit: float) -> Any:
        """Scale a (N,) down to a norm of `limit` if its norm is larger; returns the norm before, unread."""
        norm = self.norm(a)
        a *= self.xp.minimum(limit / (norm + 1e-6), 1).astype(a.dtype)
        return norm

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
        """The moments take in dw, then w -= rate mean / (sqrt(square_mean) + epsilon); dw and s may be overwritten."""
        xp = self.xp
        xp.multiply(dw, dw, out=s)
        s *= 1 - beta2
        square_mean *= beta2
        square_mean += s
        dw *= 1 - beta1
        mean *= beta1
        mean += dw
        xp.sqrt(square_mean, out=s)
        s += epsilon
        xp.divide(mean, s, out=s)
        s *= rate
        w -= s
