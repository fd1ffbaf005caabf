"""The chosen kernels against the float64 reference, forward, backward and update: what is wrong is not timed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from charrnn import optim
from charrnn.backend import Backend, open_backend
from charrnn.bench.workload import Workload
from charrnn.errors import BackendError
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network import Network

_SEQ_LEN = 8  # hidden and batch size stay as asked for: they decide which way through a kernel is taken
_BATCH_SIZE = 64


@dataclass(frozen=True)
class Errors:
    """Largest differences from the reference, relative to the largest value of each array."""

    outputs: float
    gradients: float
    update: float


LIMITS = Errors(outputs=1e-5, gradients=1e-4, update=1e-3)


def check(workload: Workload, backend: Backend, kernels: ReferenceKernels) -> Errors:
    """How far `kernels` are from the reference, on random states and weights.

    Raises:
        BackendError: farther than float32 explains.
    """
    small = replace(workload, seq_len=min(workload.seq_len, _SEQ_LEN), batch_size=min(workload.batch_size, _BATCH_SIZE))
    reference = open_backend("cpu", np.float64)
    expected = _Pass(small, reference, ReferenceKernels(np))
    with np.errstate(all="ignore"):  # wrong kernels overflow, and are found out below
        found = _Pass(small, backend, kernels)
        errors = Errors(
            _largest_error(found.outputs, expected.outputs),
            _largest_error(found.gradients, expected.gradients),
            _largest_error(found.change(found.gradients), expected.change(found.gradients)),
        )
    for part, limit in asdict(LIMITS).items():
        if not getattr(errors, part) <= limit:  # not a number is wrong, too
            raise BackendError(
                f"the {kernels.name} kernels are wrong, and not timed: relative error of {part} "
                f"{getattr(errors, part):.1e} (limit {limit:g}); use another --kernel"
            )
    return errors


class _Pass:
    """One chunk forward and backward; `outputs` and `gradients` by name, on the host."""

    def __init__(self, workload: Workload, backend: Backend, kernels: ReferenceKernels) -> None:
        self.workload, self.backend, self.kernels = workload, backend, kernels
        self.params = workload.parameters(backend)
        network = Network(workload.shape, self.params, backend, kernels, seq_len=workload.seq_len,
                          batch_size=workload.batch_size, training=True)  # fmt: skip
        network.grads.buffer[...] = np.nan  # what a kernel forgets to write is seen
        inputs, targets = (backend.to_device(ids) for ids in workload.chunks()[0])
        rng = np.random.default_rng(0)
        states, dstates = ([tuple(backend.to_device(rng.normal(0, scale, array.shape).astype(backend.dtype))
                                  for array in state) for state in network.initial_state()]
                           for scale in (0.5, 1 / workload.chars))  # fmt: skip
        logits, last = network.forward(inputs, states)
        self.outputs = {"logits": self._copy(logits)}
        self.outputs |= {f"state {n}.{k}": self._copy(a) for n, state in enumerate(last) for k, a in enumerate(state)}
        kernels.cross_entropy_gradient(logits, targets)
        self.grads = network.backward(logits, dstates)
        self.gradients = {name: self._copy(view) for name, view in self.grads.items()}

    def change(self, gradients: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """How clipping and the optimizer's first step against `gradients` move the weights."""
        config = self.workload.config
        before = {name: self._copy(view) for name, view in self.params.items()}
        for name, view in self.grads.items():
            view[...] = self.backend.to_device(gradients[name])
        optim.clip(self.kernels, self.grads, config.grad_clip, config.grad_clip_mode)
        optim.build(config, self.kernels, self.params).update(self.grads, config.learning_rate, 1)
        return {name: self._copy(view) - before[name] for name, view in self.params.items()}

    def _copy(self, array: Any) -> np.ndarray:
        return self.backend.to_host(array).astype(np.float64)


def _largest_error(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> float:
    return float(np.max([np.abs(found[name] - value).max() / np.abs(value).max() for name, value in expected.items()]))
