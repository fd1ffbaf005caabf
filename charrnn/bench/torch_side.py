"""PyTorch's side of a comparison: the same network, weights, text, clipping and optimizer, as its users write them.

PyTorch runs at its best. The one-hot input is made outside the timing, and the fastest variant on this machine is used:
on a CPU with oneDNN on or off, three implementations of Adam, and one or all threads for sampling; on a GPU with three
precisions, each with and without a CUDA graph of the whole step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import one_hot

from charrnn.bench.job import GRAPH, Job
from charrnn.bench.timing import Clock, HostClock, Laps, rate
from charrnn.cells.registry import CELLS
from charrnn.device.backend import open_backend
from charrnn.device.processors import processors

_ADAMS = {"fused Adam": {"fused": True}, "foreach Adam": {"foreach": True}, "plain Adam": {"foreach": False}}
_ONEDNN = {"oneDNN": True, "no oneDNN": False}
LOSS_SCALE = 1024.0  # factor of float16 gradients: far from overflow, so that no step is skipped


class Variant(NamedTuple):
    """One of PyTorch's ways to do the same training step."""

    adam: dict[str, bool]
    onednn: bool = True
    tf32: bool = False
    half: bool = False  # float16 by autocast
    graph: bool = False  # the step is recorded once and replayed

    @property
    def precision(self) -> str:
        """Precision of matrix products."""
        return "float16" if self.half else "tf32" if self.tf32 else "float32"


_ON_CPU = {f"{onednn}, {adam}": Variant(_ADAMS[adam], _ONEDNN[onednn]) for onednn in _ONEDNN for adam in _ADAMS}
_EAGER_ON_GPU = {
    "TF32": Variant(_ADAMS["fused Adam"], tf32=True),
    "IEEE float32": Variant(_ADAMS["fused Adam"]),
    "float16 autocast": Variant(_ADAMS["fused Adam"], tf32=True, half=True),
}
_ON_GPU = _EAGER_ON_GPU | {
    f"{name}{GRAPH}": variant._replace(adam=variant.adam | {"capturable": True}, graph=True)
    for name, variant in _EAGER_ON_GPU.items()
}
_STEPS_BEFORE_CAPTURE = 3  # creates everything that is created at first use
_TEMPERATURE = 0.8


def rnn_of(cell: str) -> tuple[type[nn.RNNBase], dict[str, Any]]:
    """The module of torch.nn that computes this cell, and its options."""
    module = CELLS[cell].torch
    assert module is not None, f"{cell} is refused before"
    return getattr(nn, module.name), dict(module.options)


def variants(device: str) -> dict[str, Variant]:
    """The variants that run on a device, by name."""
    return _ON_CPU if device == "cpu" else _ON_GPU


class TorchSide:
    """torch.nn.LSTM, GRU or RNN with a linear layer, and all that a training step needs."""

    def __init__(self, job: Job) -> None:
        self.threads = job.threads or processors()
        torch.set_num_threads(self.threads)
        workload = job.workload
        self.workload = workload
        self.config = workload.config
        self.device = torch.device(job.device.replace("gpu", "cuda"))
        self.variant = variants(job.device)[job.variant]
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)  # streams and graphs are made on the current device
        kind, options = rnn_of(workload.cell)
        self.rnn = kind(workload.vocab_size, workload.hidden_size, workload.num_layers, **options)
        self.head = nn.Linear(workload.hidden_size, workload.vocab_size)
        self.model = nn.ModuleDict({"rnn": self.rnn, "head": self.head})
        weights = workload.parameters(open_backend("cpu")).items()
        self.model.load_state_dict({name: torch.from_numpy(view) for name, view in weights})
        self.model.to(self.device)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), self.config.learning_rate, **self.variant.adam)
        self.scaler = torch.amp.GradScaler(self.device.type, init_scale=LOSS_SCALE, enabled=self.variant.half)
        self.state: Any = None
        self.name = f"torch {torch.__version__.partition('+')[0]}"
        self.precision = self.variant.precision
        self.clock: Clock = TorchClock() if self.device.type == "cuda" else HostClock()
        chunks = [
            (self._one_hot(inputs), torch.from_numpy(targets).long().to(self.device))
            for inputs, targets in workload.chunks()
        ]
        steps: list[Callable[[Laps], Any]] = [partial(self._train, *chunk) for chunk in chunks]
        self._steps = cycle(self._record(chunks) if self.variant.graph else steps)

    @staticmethod
    def used_bytes(device: str) -> int:
        """Memory in use on a GPU."""
        free, total = torch.cuda.mem_get_info(device.replace("gpu", "cuda"))
        return total - free

    def step(self, lap: Laps) -> Any:
        """Train one step; returns the loss in nats per character, which a GPU may still be computing."""
        return next(self._steps)(lap)

    def _record(self, chunks: list[tuple[torch.Tensor, torch.Tensor]]) -> list[Callable[[Laps], Any]]:
        """Record a graph of the step on each chunk; leaves weights, moments and state as they were."""
        weights = [weight.detach().clone() for weight in self.model.parameters()]
        with side_stream():
            for _ in range(_STEPS_BEFORE_CAPTURE):
                for chunk in chunks:
                    self._train(*chunk, lambda phase: None)
        steps = [recorded(partial(self._train, *chunk, lambda phase: None)) for chunk in chunks]
        with torch.no_grad():
            for weight, start in zip(self.model.parameters(), weights, strict=True):
                weight.copy_(start)
            moments = [moment for state in self.optimizer.state.values() for moment in state.values()]
            for value in (*moments, *_parts(self.state)):
                value.zero_()

        def replayed(step: Callable[[], Any], lap: Laps) -> Any:
            loss = step()
            lap("graph")
            return loss

        return [partial(replayed, step) for step in steps]

    def _train(self, inputs: torch.Tensor, targets: torch.Tensor, lap: Callable[[str], None]) -> torch.Tensor:
        torch.backends.mkldnn.enabled = self.variant.onednn
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.variant.tf32
        self.optimizer.zero_grad()
        lap("rest")
        with torch.autocast(self.device.type, torch.float16, enabled=self.variant.half):
            h, state = self.rnn(inputs, self.state)
            logits = self.head(h.flatten(0, 1))
        lap("forward")
        loss = self.criterion(logits.float(), targets)
        lap("rest")
        self.scaler.scale(loss).backward()
        lap("backward")
        self._keep(state)
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        lap("rest")
        return loss.detach()

    def _keep(self, state: Any) -> None:
        """Keep the state for the next chunk; a graph reads it at the address where it was recorded."""
        if self.variant.graph and self.state is not None:
            for mine, new in zip(_parts(self.state), _parts(state), strict=True):
                mine.copy_(new.detach())
        else:
            self.state = tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()

    def sampling(self) -> dict[str, float]:
        """Characters per second of one text, with PyTorch tuned for it and with PyTorch's defaults."""
        rates = []
        for onednn in _ONEDNN.values():
            for threads in (self.threads, 1):
                torch.backends.mkldnn.enabled = onednn
                torch.set_num_threads(threads)
                rates.append(rate(self._sampler()))
        return {"one_text": max(rates), "one_text_by_default": rates[0]}

    def _sampler(self) -> Callable[[int], None]:
        """A function that samples the given number of characters, in PyTorch's lightest mode without gradients."""

        def draw(count: int) -> None:
            with torch.inference_mode():
                x, state = self._one_hot([[0]]), None
                for _ in range(count):
                    h, state = self.rnn(x, state)
                    weights = torch.softmax(self.head(h[-1]) / _TEMPERATURE, dim=-1)
                    x = self._one_hot(torch.multinomial(weights, 1))

        return draw

    def _one_hot(self, ids: Any) -> torch.Tensor:
        ids = torch.as_tensor(ids, device=self.device).long()
        return one_hot(ids, self.workload.vocab_size).float()


class TorchClock:
    """PyTorch's events in the queue of a GPU; see `charrnn.bench.timing.Clock`."""

    def now(self) -> torch.cuda.Event:
        """See `Clock.now`."""
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def seconds(self, first: torch.cuda.Event, second: torch.cuda.Event) -> float:
        """See `Clock.seconds`."""
        second.synchronize()
        return first.elapsed_time(second) / 1e3


@contextmanager
def side_stream() -> Iterator[None]:
    """Run on a second stream, as PyTorch requires before a capture; the current stream then waits for it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        yield
    torch.cuda.current_stream().wait_stream(stream)


def recorded(step: Callable[[], Any]) -> Callable[[], Any]:
    """Record the GPU work of `step` as a graph; the returned function replays it and returns its result."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = step()

    def replay() -> Any:
        graph.replay()
        return result

    return replay


def _parts(state: Any) -> tuple[torch.Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)
