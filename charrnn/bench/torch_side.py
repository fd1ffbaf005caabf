"""PyTorch's side of a comparison: the same network, weights, text, clipping and optimizer, as its users write them.

torch is given its best: the one-hot input is made outside the timing, and of its ways to do the same (oneDNN on or
off, three implementations of Adam, one thread or all for sampling) the quickest here is used.
"""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import torch
from torch import nn
from torch.nn.functional import one_hot

from charrnn.backend import open_backend
from charrnn.bench.machine import cores
from charrnn.bench.timing import Laps, rate
from charrnn.bench.workload import Workload

_RNNS: dict[str, tuple[type[nn.RNNBase], dict[str, Any]]] = {
    "lstm": (nn.LSTM, {}),
    "gru": (nn.GRU, {}),
    "tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
}
_ADAMS = {"fused Adam": {"fused": True}, "foreach Adam": {"foreach": True}, "plain Adam": {"foreach": False}}
_ONEDNN = {"oneDNN": True, "no oneDNN": False}
VARIANTS = tuple(f"{onednn}, {adam}" for onednn in _ONEDNN for adam in _ADAMS)
_TEMPERATURE = 0.8


class TorchSide:
    """torch.nn.LSTM, GRU or RNN and a linear layer, with all that a training step needs, on the CPU."""

    def __init__(self, workload: Workload, variant: str) -> None:
        torch.set_num_threads(cores())
        self.workload, self.config = workload, workload.config
        onednn, adam = variant.split(", ")
        self.onednn = _ONEDNN[onednn]
        kind, options = _RNNS[workload.cell]
        self.rnn = kind(workload.vocab_size, workload.hidden_size, workload.num_layers, **options)
        self.head = nn.Linear(workload.hidden_size, workload.vocab_size)
        self.model = nn.ModuleDict({"rnn": self.rnn, "head": self.head})
        weights = workload.parameters(open_backend("cpu")).items()
        self.model.load_state_dict({name: torch.from_numpy(view) for name, view in weights})
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), self.config.learning_rate, **_ADAMS[adam])
        self.chunks = cycle([(self._one_hot(inputs), torch.from_numpy(targets).long())
                             for inputs, targets in workload.chunks()])  # fmt: skip
        self.state: Any = None
        self.name = f"torch {torch.__version__.partition('+')[0]}"

    def synchronize(self) -> None:
        """Nothing to wait for on a CPU."""

    def step(self, lap: Laps) -> float:
        """One training step; the loss in nats per character."""
        torch.backends.mkldnn.enabled = self.onednn
        inputs, targets = next(self.chunks)
        self.optimizer.zero_grad()
        lap("rest")
        h, state = self.rnn(inputs, self.state)
        logits = self.head(h.flatten(0, 1))
        self.state = _detached(state)
        lap("forward")
        loss = self.criterion(logits, targets)
        lap("rest")
        loss.backward()
        lap("backward")
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
        self.optimizer.step()
        lap("rest")
        return loss.item()

    def sampling(self) -> dict[str, float]:
        """Characters a second of one text: in torch's best way, and as torch comes."""
        rates = []
        for onednn in _ONEDNN.values():
            for threads in (cores(), 1):
                torch.backends.mkldnn.enabled = onednn
                torch.set_num_threads(threads)
                rates.append(rate(self._drawer()))
        return {"one_text": max(rates), "one_text_by_default": rates[0]}

    def _drawer(self) -> Callable[[int], None]:
        """Draws characters one after another; without gradients, in torch's lightest mode for that."""

        def draw(count: int) -> None:
            with torch.inference_mode():
                x, state = self._one_hot([[0]]), None
                for _ in range(count):
                    h, state = self.rnn(x, state)
                    weights = torch.softmax(self.head(h[-1]) / _TEMPERATURE, dim=-1)
                    x = self._one_hot(torch.multinomial(weights, 1))

        return draw

    def _one_hot(self, ids: Any) -> torch.Tensor:
        return one_hot(torch.as_tensor(ids).long(), self.workload.vocab_size).float()


def _detached(state: Any) -> Any:
    return tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()
