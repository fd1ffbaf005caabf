"""PyTorch's side of a loss curve: the same recipe as its users would write it, in its fastest variant here."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, dropout

from charrnn.bench.curve.turns import Recipe
from charrnn.bench.torch_side import LOSS_SCALE, rnn_of, variants
from charrnn.config import Config
from charrnn.device.backend import open_backend
from charrnn.device.processors import processors
from charrnn.network.shape import Shape, initial_parameters
from charrnn.text.streams.ramp import Ramp


class TorchLearner:
    """torch.nn.LSTM, GRU or RNN with a linear layer, and everything that changes their weights.

    Dropout masks come from PyTorch's own generator, so they are not those of charrnn.
    """

    def __init__(self, config: Config, shape: Shape, batches: Ramp, recipe: Recipe) -> None:
        torch.set_num_threads(recipe.threads or processors())
        torch.manual_seed(config.seed)
        self.config = config
        self.shape = shape
        self.batches = batches
        self.device = torch.device(recipe.device.replace("gpu", "cuda"))
        self.variant = variants(recipe.device)[recipe.variant]
        kind, options = rnn_of(shape.cell)
        self.rnn = kind(
            shape.embedding_size or shape.vocab_size,
            shape.hidden_size,
            shape.num_layers,
            dropout=config.dropout if shape.num_layers > 1 else 0.0,
            **options,
        )
        self.model = nn.ModuleDict({"rnn": self.rnn, "head": nn.Linear(shape.hidden_size, shape.vocab_size)})
        if shape.embedding_size:
            self.model["embedding"] = nn.Embedding(shape.vocab_size, shape.embedding_size)
        weights = initial_parameters(shape, open_backend("cpu"), np.random.default_rng(config.seed)).items()
        self.model.load_state_dict({name: torch.from_numpy(view) for name, view in weights})
        self.model.to(self.device)
        self._one_hot = torch.eye(shape.vocab_size, device=self.device)
        self._hidden = [name for name, _ in self.rnn.named_parameters() if name.startswith("weight_hh")]
        self._parameters = list(self.model.parameters())
        self.optimizer = self._optimizer()
        self.scaler = torch.amp.GradScaler(self.device.type, init_scale=LOSS_SCALE, enabled=self.variant.half)
        self.average: dict[str, torch.Tensor] = {}  # empty unless the weights are averaged
        if config.average != "none":
            self.average = {name: weight.clone() for name, weight in self._named()}
        self._averaged = 0
        self._state: Any = None
        self._losses: list[torch.Tensor] = []
        self.name = f"torch {torch.__version__.partition('+')[0]}"

    def step(self, number: int, rate: float, used: float) -> None:
        """See `charrnn.bench.curve.worker.LearnsText.step`."""
        config = self.config
        torch.backends.mkldnn.enabled = self.variant.onednn
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.variant.tf32
        if self.batches.advance(number * config.accumulate, used):
            self._state = None
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        nats = chars = 0
        for chunk in range(number * config.accumulate, (number + 1) * config.accumulate):
            loss, plain, count = self._run_chunk(chunk)
            self.scaler.scale(loss / config.accumulate).backward()
            nats, chars = nats + plain * count, chars + count
        self.scaler.unscale_(self.optimizer)
        if config.grad_clip and config.grad_clip_mode == "norm":
            nn.utils.clip_grad_norm_(self._parameters, config.grad_clip)
        elif config.grad_clip:
            nn.utils.clip_grad_value_(self._parameters, config.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.average:
            self._take_average(used)
        self._losses.append(nats / chars)

    def take_losses(self) -> list[float]:
        """See `charrnn.bench.curve.worker.LearnsText.take_losses`."""
        losses = torch.stack(self._losses).tolist()
        self._losses = []
        return losses

    def weights(self) -> dict[str, np.ndarray]:
        """See `charrnn.bench.curve.worker.LearnsText.weights`."""
        model = self.average or dict(self._named())
        return {name: weight.cpu().numpy() for name, weight in model.items()}

    def _optimizer(self) -> torch.optim.Optimizer:
        """The optimizer, with weight decay on matrices only."""
        config = self.config
        matrices = [each for each in self._parameters if each.dim() > 1]
        vectors = [each for each in self._parameters if each.dim() < 2]
        groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        if config.optimizer in ("sgd", "momentum"):
            return torch.optim.SGD(groups, config.learning_rate, momentum=0.9 * (config.optimizer == "momentum"))
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimizer]
        return kind(groups, config.learning_rate, **self.variant.adam)

    def _run_chunk(self, number: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Run one chunk; returns the loss to learn from, the loss without label smoothing, and its characters."""
        chunk = self.batches.chunk(number)
        if chunk.starts_text:
            self._state = None
        count = chunk.pairs
        ids = torch.from_numpy(chunk.inputs.astype(np.int64)).to(self.device)
        targets = torch.from_numpy(chunk.targets.reshape(-1)[:count].astype(np.int64)).to(self.device)
        with torch.autocast(self.device.type, torch.float16, enabled=self.variant.half):
            h, state = self._run_layers(self._input(ids))
            logits = self.model["head"](self._drop(h).flatten(0, 1))[:count].float()
        self._state = tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()
        loss = plain = cross_entropy(logits, targets)
        if self.config.label_smoothing:
            loss = cross_entropy(logits, targets, label_smoothing=self.config.label_smoothing)
        return loss, plain.detach(), count

    def _input(self, ids: torch.Tensor) -> torch.Tensor:
        """The first layer's input for ids (T, B): embedded or one-hot, with characters dropped per stream."""
        x = self.model["embedding"](ids) if self.shape.embedding_size else self._one_hot[ids]
        if self.config.dropout_input:
            streams = torch.arange(ids.shape[1], device=self.device)
            symbols = torch.ones(len(streams), self.shape.vocab_size, device=self.device)
            x = x * dropout(symbols, self.config.dropout_input)[streams, ids].unsqueeze(-1)
        return x

    def _run_layers(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """Run the recurrent layers over a chunk, with recurrent weights dropped if the settings say so."""
        share = self.config.dropout_weights
        if not share:
            return self.rnn(x, self._state)
        weights = {name: dropout(getattr(self.rnn, name), share) for name in self._hidden}
        return functional_call(self.rnn, weights, (x, self._state))

    def _drop(self, h: torch.Tensor) -> torch.Tensor:
        """Drop outputs h (T, B, H) of the last layer, with one mask per time step or one per chunk."""
        share = self.config.dropout_output
        if not share:
            return h
        return h * dropout(torch.ones_like(h[:1] if self.config.dropout_mask == "chunk" else h), share)

    def _named(self) -> list[tuple[str, torch.Tensor]]:
        return [(name, weight.detach()) for name, weight in self.model.named_parameters()]

    def _take_average(self, used: float) -> None:
        """Average the weights as `charrnn.training.averaging.Average` does."""
        count = self._averaged
        if self.config.average == "ema":
            share, self._averaged = 1 - min(self.config.average_decay, (count + 1) / (count + 10)), count + 1
        elif used < self.config.average_after:
            share = 1.0
        else:
            share, self._averaged = 1 / (count + 1), count + 1
        for name, weight in self._named():
            self.average[name].lerp_(weight, share)
