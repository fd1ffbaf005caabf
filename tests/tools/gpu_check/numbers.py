"""Results of the kernels on the device: compared with the reference, and repeated many times."""

from typing import Any

import numpy as np

from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend
from charrnn.kernels.choice import build
from charrnn.kernels.cuda.kernels import CudaKernels
from charrnn.kernels.protocol import Kernels
from charrnn.training import optim
from tests.kernels.agreement import operation_errors, recurrence_errors

SHAPES = [(1, 1, 1), (5, 1, 31), (6, 3, 33), (7, 2, 100), (4, 50, 128), (3, 13, 5), (9, 64, 257), (3, 64, 512)]
REPETITIONS = 1000
LIMITS = {"float32": (1e-5, 1e-4), "tf32": (3e-3, 5e-3)}  # by precision: errors of states and of gradients
RELU_LIMIT = 0.5  # error of gradients with rounded products: rounding may turn a unit on or off


def recurrences(backend: Backend, kernels: Kernels) -> dict[str, float]:
    """Largest error of each cell over all shapes, with one launch per time step; persistent.py has the others."""
    if backend.device != "cpu":
        kernels = CudaKernels(backend.xp, precision=kernels.precision)
    worst = {}
    for cell in CELLS:
        states_limit, limit = LIMITS[kernels.precision]
        if cell == "relu" and kernels.precision != "float32":
            limit = RELU_LIMIT
        for shape in SHAPES:
            for name, error in recurrence_errors(backend, kernels, cell, shape).items():
                most = states_limit if name.startswith(("h", "state")) else limit
                assert error < most, f"{cell} {shape}: error of {name} is {error:.1e}"
                worst[cell] = max(worst.get(cell, 0.0), error)
    return worst


def recurrences_in_float32(backend: Backend, kernels: Kernels) -> dict[str, float]:
    """The same as `recurrences`, with products in float32."""
    return recurrences(backend, build(backend, kernels.name, precision="float32").kernels)


def operations(backend: Backend, kernels: Kernels) -> dict[str, float]:
    """The error of each operation at each size, none of which may exceed the limit."""
    errors = dict(operation_errors(backend, kernels))
    wrong = {name: error for name, error in errors.items() if not error < LIMITS[kernels.precision][1]}
    assert not wrong, wrong
    return errors


def repetitions(backend: Backend, kernels: Kernels) -> dict[str, Any]:
    """Repeat a training step from the same start: every result must have the same bits; reports growing memory."""
    found = {}
    for cell in CELLS:
        workload = Workload(cell, vocab_size=65, hidden_size=128, num_layers=2, seq_len=16, batch_size=32)
        step = _Step(workload, backend, kernels)
        first = step.run().copy()
        differing, memory = backend.xp.zeros((), np.int64), _memory(backend)
        for _ in range(REPETITIONS):
            differing += (step.run() != first).any()
        count, grown = int(differing), _memory(backend) - memory
        assert not count, f"{cell}: {count} of {REPETITIONS} repetitions differ"
        found[cell] = {"repetitions": REPETITIONS, "memory_grown_bytes": grown}
    return found


class _Step:
    """A training step that always starts from the same weights, moments and states."""

    def __init__(self, workload: Workload, backend: Backend, kernels: Kernels) -> None:
        self.kernels, self.config = kernels, workload.config
        self.params = workload.parameters(backend)
        self.start = self.params.buffer.copy()
        self.network = workload.network(self.params, backend, kernels)
        self.optimizer = optim.build(self.config, kernels, self.params)
        self.states = self.network.initial_state()
        self.inputs, self.targets = (backend.to_device(ids) for ids in workload.chunks()[0])

    def run(self) -> Any:
        """Run the step; returns the weights after it, on the device."""
        self.params.buffer[...] = self.start
        for moments in self.optimizer.slots.values():
            moments[...] = 0
        logits, _ = self.network.forward(self.inputs, self.states)
        self.kernels.cross_entropy_gradient(logits, self.targets)
        grads = self.network.backward(logits)
        optim.clip(self.kernels, grads, self.config.grad_clip, self.config.grad_clip_mode)
        self.optimizer.update(grads, self.config.learning_rate, 1)
        return self.params.buffer


def _memory(backend: Backend) -> int:
    return 0 if backend.device == "cpu" else backend.xp.get_default_memory_pool().total_bytes()
