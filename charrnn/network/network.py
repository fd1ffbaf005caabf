"""The network: input product, a stack of recurrences, output layer; forward and backward.

    ids (T, B) -> rows of the table E W_ih^T + b_ih (E: one-hot or embedding) -> layer 0 -> ... -> h -> logits (T*B, V)

The input product of the first layer is a gather, whether characters are one-hot vectors or embedded: every character's
row is computed once per call, not once per occurrence. Letters are those of `charrnn.cells.protocol`.
"""

from typing import Any

from charrnn.cells.protocol import State
from charrnn.device.arrays import Flat, zeros
from charrnn.device.backend import Backend
from charrnn.kernels.protocol import Kernels
from charrnn.network.regularization import Dropout, Penalties, Regularization
from charrnn.network.shape import Shape

NO_REGULARIZATION = Regularization()
NEVER = -1e30  # a logit of probability 0 at any temperature, yet finite in every precision


class Network:
    """The computation over chunks of up to (seq_len, batch_size) characters, bound to its buffers.

    Several networks can share `params`: one to train, one to evaluate, one to sample. `never` is an id that is never
    drawn; a network with one has parameters of its own.
    """

    def __init__(
        self,
        shape: Shape,
        params: Flat,
        backend: Backend,
        kernels: Kernels,
        *,
        seq_len: int,
        batch_size: int,
        training: bool = False,
        regularization: Regularization = NO_REGULARIZATION,
        never: int | None = None,
    ) -> None:
        if never is not None:
            params = params.copy(backend.xp)
            params["head.bias"][never] = NEVER
        self.shape = shape
        self.params = params
        self.backend = backend
        self.kernels = kernels
        self.seq_len = seq_len
        self.batch_size = batch_size
        self.training = training
        xp, dtype = backend.xp, backend.dtype
        gates, rows = shape.kind.gates(shape.hidden_size), seq_len * batch_size
        self._layers = [params.layer(index) for index in range(shape.num_layers)]
        size = {"hidden_size": shape.hidden_size, "seq_len": seq_len, "batch_size": batch_size, "dtype": dtype}
        self._recurrences = [kernels.recurrence(shape.cell, **size, training=training) for _ in self._layers]
        self._table = zeros(xp, (shape.vocab_size, gates), dtype)
        # Without training a layer's z is free again as soon as its recurrence has run.
        self._z = [zeros(xp, (rows, gates), dtype) for _ in range(shape.num_layers if training else 1)]
        self._logits = zeros(xp, (rows, shape.vocab_size), dtype)
        if training:
            self.grads = Flat(xp, shape.parameters, dtype)
            self._grad_layers = [self.grads.layer(index) for index in range(shape.num_layers)]
            self._dtable = zeros(xp, self._table.shape, dtype)
            self._dh = zeros(xp, (rows, shape.hidden_size), dtype)
        self._regularize(regularization if training else NO_REGULARIZATION)

    def _regularize(self, wanted: Regularization) -> None:
        """Set up dropout on the input, after each layer, and on recurrent weights, and penalties on the output."""
        sequence = (self.seq_len, self.batch_size, self.shape.hidden_size)
        mask = (1, *sequence[1:]) if wanted.dropout_mask == "chunk" else sequence
        last = len(self._layers) - 1
        weights = self._layers[0]["weight_hh"].shape

        def dropout(share: float, shape: tuple[int, ...], mask: tuple[int, ...], number: int) -> Dropout:
            return Dropout(self.backend, self.kernels, share, shape, mask, seed=wanted.seed, number=number)

        self._dropouts = [
            dropout(wanted.dropout_output if index == last else wanted.dropout, sequence, mask, 2 * index)
            for index in range(last + 1)
        ]
        self._weight_dropouts = [
            dropout(wanted.dropout_weights, weights, weights, 2 * index + 1) for index in range(last + 1)
        ]
        symbols = (self.batch_size, self.shape.vocab_size)
        self._hidden_symbols = dropout(wanted.dropout_input, (0,), symbols, 2 * last + 2)
        self._penalties = Penalties(self.backend, wanted.activation_penalty, wanted.temporal_penalty, sequence)

    def initial_state(self) -> list[State]:
        """The initial state of zeros: for each layer a tuple of arrays (B, ...), as the cell declares them."""
        shapes = self.shape.kind.state_shapes(self.shape.hidden_size).values()
        xp, dtype = self.backend.xp, self.backend.dtype
        return [tuple(xp.zeros((self.batch_size, *shape), dtype) for shape in shapes) for _ in self._layers]

    def forward(self, ids: Any, states: list[State], step: int = 0) -> tuple[Any, list[State]]:
        """Logits (T*B, V) after each of the characters ids (T, B), and the last states.

        The results are in the network's buffers until the next call; states may be passed back in as they are.
        `step` numbers the call for dropout: the same step always drops the same values.
        """
        self._ids = ids
        self._outputs: list[Any] = []  # of each layer
        self._below: list[Any] = []  # of each layer, after dropout
        self._used: list[dict[str, Any]] = []  # weights of each layer, after dropout
        new_states: list[State] = []
        sequence = (*ids.shape, -1)
        for index, (layer, recurrence) in enumerate(zip(self._layers, self._recurrences, strict=True)):
            z = self._z[index if self.training else 0][: ids.size]
            if index == 0:
                self._input(layer, z, step)
            else:
                self.kernels.matmul(_rows(self._below[-1]), layer["weight_ih"].T, z, layer["bias_ih"])
            used = layer | {"weight_hh": self._weight_dropouts[index].forward(layer["weight_hh"], step)}
            h, state = recurrence.forward(used, z.reshape(sequence), states[index])
            self._used.append(used)
            self._outputs.append(h)
            self._below.append(self._dropouts[index].forward(h, step))
            new_states.append(state)
        logits = self._logits[: ids.size]
        self.kernels.matmul(_rows(self._below[-1]), self.params["head.weight"].T, logits, self.params["head.bias"])
        return logits, new_states

    def backward(self, dlogits: Any, dstates: list[State] | None = None) -> Flat:
        """The gradients of all weights through the last `forward`; dlogits is (T*B, V).

        Gradients stop at the first state: what came before the chunk gets none (truncated BPTT).
        """
        kernels, grads = self.kernels, self.grads
        dh = self._dh[: len(dlogits)].reshape(self._outputs[-1].shape)
        kernels.matmul(dlogits.T, _rows(self._below[-1]), grads["head.weight"])
        kernels.column_sums(dlogits, grads["head.bias"])
        kernels.matmul(dlogits, self.params["head.weight"], _rows(dh))
        self._penalties.activation_gradient(self._below[-1], dh)
        for index in reversed(range(len(self._layers))):
            layer, grad = self._layers[index], self._grad_layers[index]
            self._dropouts[index].backward(dh)
            if index == len(self._layers) - 1:
                self._penalties.temporal_gradient(self._outputs[-1], dh)
            dstate = dstates[index] if dstates else None
            dz, _ = self._recurrences[index].backward(self._used[index], grad, dh, dstate)
            self._weight_dropouts[index].backward(grad["weight_hh"])
            dz = _rows(dz)
            self._input_bias_gradient(grad, dz)
            if index:
                kernels.matmul(dz.T, _rows(self._below[index - 1]), grad["weight_ih"])
                kernels.matmul(dz, layer["weight_ih"], _rows(dh))
            else:
                self._input_backward(layer, grad, dz)
        return grads

    def _input_bias_gradient(self, grad: dict[str, Any], dz: Any) -> None:
        """Write the gradient of bias_ih; where dz is dr, it is that of bias_hh, which is known already."""
        known = self.shape.kind.summed * self.shape.hidden_size
        grad["bias_ih"][:known] = grad["bias_hh"][:known]
        if known < dz.shape[1]:
            self.kernels.column_sums(dz[:, known:], grad["bias_ih"][known:])

    def _input(self, layer: dict[str, Any], z: Any, step: int) -> None:
        """The input product of the first layer: rows of a table that is computed once for all characters."""
        if self.shape.embedding_size:
            self.kernels.matmul(self.params["embedding.weight"], layer["weight_ih"].T, self._table)
        else:
            self._table[...] = layer["weight_ih"].T
        if not self._hidden_symbols:
            self._table += layer["bias_ih"]
        self.kernels.gather(self._table, self._ids.reshape(-1), z)
        if self._hidden_symbols:  # the hidden characters differ from stream to stream, but the bias is never hidden
            mask = self._hidden_symbols.draw(step)
            self._seen = mask[self.backend.xp.arange(self.batch_size), self._ids].reshape(-1, 1)
            z *= self._seen
            z += layer["bias_ih"]

    def _input_backward(self, layer: dict[str, Any], grad: dict[str, Any], dz: Any) -> None:
        if self._hidden_symbols:
            dz *= self._seen
        self.kernels.scatter_add(self._ids.reshape(-1), dz, self._dtable)
        if self.shape.embedding_size:
            self.kernels.matmul(self._dtable.T, self.params["embedding.weight"], grad["weight_ih"])
            self.kernels.matmul(self._dtable, layer["weight_ih"], self.grads["embedding.weight"])
        else:
            grad["weight_ih"][...] = self._dtable.T


def _rows(a: Any) -> Any:
    """(T, B, F) as (T*B, F)."""
    return a.reshape(-1, a.shape[-1])
