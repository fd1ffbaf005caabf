"""Compares the chosen kernels with the float64 reference: forward, backward and update. Wrong kernels are not timed."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import BackendError
from charrnn.kernels.protocol import Kernels
from charrnn.kernels.reference import ReferenceKernels
from charrnn.training import optim

_SEQ_LEN = 8  # at most, to be quick; the hidden size is kept, because it selects a kernel's code path
_BATCH_SIZE = 64  # at most


@dataclass(frozen=True)
class Errors:
    """Relative errors of the worst array of each kind.

    In float32 an error is the largest difference over the largest value. With rounded products it is a ratio of root
    mean squares, because a single value may be far off where rounding turns a ReLU on or off.
    """

    outputs: float
    gradients: float
    update: float


# Several times the errors of products that NumPy rounds to as many bits; clipping and the optimizer have no products.
LIMITS = {
    "float32": Errors(outputs=1e-5, gradients=1e-4, update=1e-3),
    "tf32": Errors(outputs=2e-3, gradients=3e-3, update=1e-3),
    "bf16": Errors(outputs=2e-2, gradients=2e-2, update=1e-3),
}
_UNBOUNDED_FACTOR = 20  # on the limit of gradients of cells with unbounded outputs, with rounded products


def check(workload: Workload, backend: Backend, kernels: Kernels) -> Errors:
    """Measure the errors of `kernels` against the reference, on random states and weights.

    Raises:
        BackendError: the errors are larger than the precision explains.
    """
    small = replace(workload, seq_len=min(workload.seq_len, _SEQ_LEN), batch_size=min(workload.batch_size, _BATCH_SIZE))
    reference = open_backend("cpu", np.float64)
    expected = _Pass(small, reference, ReferenceKernels(np))
    size = _largest if kernels.precision == "float32" else _root_of_squares
    with np.errstate(all="ignore"):  # wrong kernels may overflow; they are refused below
        found = _Pass(small, backend, kernels)
        errors = Errors(
            _error(found.outputs, expected.outputs, size),
            _error(found.gradients, expected.gradients, size),
            _error(found.change(found.gradients), expected.change(found.gradients), size),
        )
    for part, limit in asdict(_limits(workload, kernels.precision)).items():
        if not getattr(errors, part) <= limit:  # also true of NaN
            raise BackendError(
                f"the {kernels.name} kernels are wrong and are not timed: the relative error of {part} is "
                f"{getattr(errors, part):.1e} (limit {limit:g}); use another --kernel"
            )
    return errors


class _Pass:
    """One chunk forward and backward, with its `outputs` and `gradients` by name as float64 arrays on the host."""

    def __init__(self, workload: Workload, backend: Backend, kernels: Kernels) -> None:
        self.workload = workload
        self.backend = backend
        self.kernels = kernels
        self.params = workload.parameters(backend)
        network = workload.network(self.params, backend, kernels)
        network.grads.buffer[...] = np.nan  # shows what a kernel forgets to write
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
        """The change of the weights by clipping and the optimizer's first step with `gradients`."""
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
        return replace(limits, gradients=_UNBOUNDED_FACTOR * limits.gradients)
    return limits


def _largest(array: np.ndarray) -> float:
    return np.abs(array).max()


def _root_of_squares(array: np.ndarray) -> float:
    return float(np.linalg.norm(array))


def _error(
    found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], size: Callable[[np.ndarray], float]
) -> float:
    return float(np.max([size(found[name] - value) / size(value) for name, value in expected.items()]))
