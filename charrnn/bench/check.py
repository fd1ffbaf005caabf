"""The chosen kernels against the float64 reference, forward, backward and update: what is wrong is not timed."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import BackendError
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network.network import Network
from charrnn.training import optim

_SEQ_LEN = 8  # hidden and batch size stay as asked for: they decide which way through a kernel is taken
_BATCH_SIZE = 64


@dataclass(frozen=True)
class Errors:
    """Differences from the reference, of the array where they are worst.

    In float32 the largest relative to the largest value; of products that round factors, root mean squares: there a
    value can be far off by itself, where a ReLU is turned on or off by the rounding.
    """

    outputs: float
    gradients: float
    update: float


# By the precision of matrix products; clipping and the optimizer make none. Products rounded by NumPy to 10 and 7 bits
# gave, at all cells and hidden sizes from 32 to 384, outputs of 6e-4 and 5e-3, and gradients of 6e-4 and 5e-3; those of
# ReLU cells 1.4e-2 and 5e-2.
LIMITS = {
    "float32": Errors(outputs=1e-5, gradients=1e-4, update=1e-3),
    "tf32": Errors(outputs=2e-3, gradients=3e-3, update=1e-3),
    "bf16": Errors(outputs=2e-2, gradients=2e-2, update=1e-3),
}
_UNBOUNDED = 20  # times the limit of gradients, where products round


def check(workload: Workload, backend: Backend, kernels: ReferenceKernels) -> Errors:
    """How far `kernels` are from the reference, on random states and weights.

    Raises:
        BackendError: farther than their precision explains.
    """
    small = replace(workload, seq_len=min(workload.seq_len, _SEQ_LEN), batch_size=min(workload.batch_size, _BATCH_SIZE))
    reference = open_backend("cpu", np.float64)
    expected = _Pass(small, reference, ReferenceKernels(np))
    size = _largest if kernels.precision == "float32" else np.linalg.norm
    with np.errstate(all="ignore"):  # wrong kernels overflow, and are found out below
        found = _Pass(small, backend, kernels)
        errors = Errors(
            _error(found.outputs, expected.outputs, size),
            _error(found.gradients, expected.gradients, size),
            _error(found.change(found.gradients), expected.change(found.gradients), size),
        )
    for part, limit in asdict(_limits(workload, kernels.precision)).items():
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
        network = Network(
            workload.shape,
            self.params,
            backend,
            kernels,
            seq_len=workload.seq_len,
            batch_size=workload.batch_size,
            training=True,
        )
        network.grads.buffer[...] = np.nan  # what a kernel forgets to write is seen
        inputs, targets = (backend.to_device(ids) for ids in workload.chunks()[0])
        rng = np.random.default_rng(0)
        states, dstates = (
            [
                tuple(backend.to_device(rng.normal(0, scale, array.shape).astype(backend.dtype)) for array in state)
                for state in network.initial_state()
            ]
            for scale in (0.5, 1 / workload.chars)
        )
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


def _limits(workload: Workload, precision: str) -> Errors:
    limits = LIMITS[precision]
    if not CELLS[workload.cell].bounded and precision != "float32":
        return replace(limits, gradients=_UNBOUNDED * limits.gradients)
    return limits


def _largest(array: np.ndarray) -> float:
    return np.abs(array).max()


def _error(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], size: Callable) -> float:
    return float(np.max([size(found[name] - value) / size(value) for name, value in expected.items()]))
