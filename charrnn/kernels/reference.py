"""The readable implementation of everything a network needs: any cell, any array module, any dtype.

Every faster kernel is tested against this one, forward and backward.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from charrnn.cells.protocol import Cell, State
from charrnn.cells.registry import CELLS
from charrnn.errors import Unsupported
from charrnn.kernels.protocol import MASK_LEVELS, CompiledSampler, Recurrence


class Unrolled:
    """A recurrence as its equations define it: a list of time steps, run forward and backward."""

    def __init__(self, xp: Any, cell: Cell, training: bool = True) -> None:
        self.xp = xp
        self.cell = cell
        self.training = training
        self._tape: list[tuple[Any, Any, Any]] = []  # for each step: h before it, the gate's output, what both saved

    def forward(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, State]:
        """See `Recurrence.forward`."""
        self._tape = []
        outputs = []
        for z_t in z:
            h = state[0]
            r, gate, saved_gate = self._product(params, z_t, state)
            state, saved = self.cell.step(self.xp, z_t, r, state, params)
            outputs.append(state[0])
            if self.training:
                self._tape.append((h, gate, (saved, saved_gate)))
        return self.xp.stack(outputs), state

    def _product(self, params: Mapping[str, Any], z: Any, state: State) -> tuple[Any, Any, Any]:
        """r (B, G), and for a cell with two products the output that its last blocks read."""
        h, weight, bias = state[0], params["weight_hh"], params["bias_hh"]
        first = self._first_blocks(weight)
        r = h @ weight[:first].T + bias[:first]
        if not self.cell.two_products:
            return r, None, None
        gate, saved = self.cell.gate(self.xp, z[:, :first], r, state)
        return self.xp.concatenate((r, gate @ weight[first:].T + bias[first:]), axis=-1), gate, saved

    def _first_blocks(self, weight: Any) -> int:
        """Rows of weight_hh that multiply h; the others multiply the gate's output."""
        return weight.shape[0] - len(self.cell.reads_gate) * weight.shape[1]

    def backward(
        self, params: Mapping[str, Any], grads: Mapping[str, Any], dh: Any, dstate: State | None = None
    ) -> tuple[Any, State]:
        """See `Recurrence.backward`."""
        weight, xp = params["weight_hh"], self.xp
        first = self._first_blocks(weight)
        if dstate is None:
            shapes = self.cell.state_shapes(dh.shape[-1]).values()
            dstate = tuple(xp.zeros((dh.shape[1], *shape), dh.dtype) for shape in shapes)
        for name in ("weight_hh", "bias_hh", *self.cell.parameters):
            grads[name][...] = 0
        dz = []
        for (h, gate, (saved, saved_gate)), dh_t in zip(reversed(self._tape), dh[::-1], strict=True):
            step = self.cell.step_backward(xp, saved, (dstate[0] + dh_t, *dstate[1:]), params)
            dz_t, dr, (dh_old, *rest) = step.z, step.r, step.state
            if gate is not None:
                dz_t, dh_gate = self.cell.gate_backward(xp, saved_gate, dr[:, first:] @ weight[first:], dz_t)
                dr, dh_old = dz_t, dh_old + dh_gate
                grads["weight_hh"][first:] += dr[:, first:].T @ gate
            grads["weight_hh"][:first] += dr[:, :first].T @ h
            grads["bias_hh"][...] += dr.sum(0)
            for name, gradient in step.parameters.items():
                grads[name][...] += gradient
            dstate = (dh_old + dr[:, :first] @ weight[:first], *rest)
            dz.append(dz_t)
        self._tape = []
        return xp.stack(dz[::-1]), dstate


class ReferenceKernels:
    """Every operation in plain array operations of `xp` (NumPy or CuPy); see `charrnn.kernels.protocol.Kernels`."""

    name = "reference"
    precision = "float32"
    chooses = False

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        return Unrolled(self.xp, CELLS[cell], training)

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        return ()

    def sampler(self, cell: str, params: Any, num_layers: int, batch_size: int) -> CompiledSampler | None:
        return None

    def set_threads(self, threads: int) -> None:
        raise Unsupported(
            f"the {self.name} kernels have no threads of their own; OPENBLAS_NUM_THREADS sets NumPy's threads"
        )

    def matmul(self, a: Any, b: Any, out: Any, bias: Any = None) -> None:
        self.xp.matmul(a, b, out=out)
        if bias is not None:
            out += bias

    def column_sums(self, a: Any, out: Any) -> None:
        a.sum(axis=0, out=out)

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        out[...] = table[ids]

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        one_hot = ids[None, :] == self.xp.arange(out.shape[0])[:, None]
        out[...] = one_hot.astype(rows.dtype) @ rows

    def read_streams(self, text: Any, starts: Any, out: Any) -> None:
        out[...] = text[starts[None, :] + self.xp.arange(len(out))[:, None]]

    def dropout_mask(self, mask: Any, dropped: int, *, seed: int, number: int, step: int) -> None:
        counted = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, number, step]))
        draws = np.frombuffer(counted.bytes(mask.size), np.uint8).reshape(mask.shape)
        kept = self.xp.asarray(draws >= dropped)
        self.xp.multiply(kept, MASK_LEVELS / (MASK_LEVELS - dropped), out=mask, casting="unsafe")

    def apply_mask(self, a: Any, mask: Any, out: Any) -> None:
        self.xp.multiply(a, mask, out=out)

    def approach(self, a: Any, b: Any, share: float, s: Any) -> None:
        self.xp.subtract(b, a, out=s)
        s *= share
        a += s

    def cross_entropy(self, logits: Any, targets: Any) -> Any:
        xp = self.xp
        logits -= logits.max(axis=1, keepdims=True)  # so that nothing overflows
        logits -= xp.log(xp.exp(logits).sum(axis=1, keepdims=True))
        return -logits[xp.arange(len(targets)), targets]

    def cross_entropy_gradient(self, logits: Any, targets: Any) -> Any:
        xp, count = self.xp, len(targets)
        nats = self.cross_entropy(logits, targets)
        xp.exp(logits, out=logits)
        logits[xp.arange(count), targets] -= 1
        logits /= count
        return nats.mean()

    def choose(self, logits: Any, draws: Any, ids: Any, *, temperature: float, top_k: int, top_p: float) -> None:
        raise NotImplementedError

    def norm(self, a: Any) -> Any:
        return self.xp.sqrt(self.xp.dot(a, a))

    def clip(self, a: Any, limit: float) -> Any:
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
