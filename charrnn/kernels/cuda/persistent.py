"""The recurrences on a GPU, all time steps in one launch: the recurrent weights stay on the multiprocessors."""

import logging
from typing import Any

import numpy as np

from charrnn.cells.protocol import Cell
from charrnn.errors import Unsupported
from charrnn.kernels.cuda.plan import GpuLimits, Plan, choose
from charrnn.kernels.cuda.program import source
from charrnn.kernels.cuda.stepwise import THREADS, OneProduct

log = logging.getLogger(__name__)

HEADERS = ("instructions.h", "shape.h", "exchange.h", "product.h", "member.h")
PEAKS = 64  # blocks that look for the largest incoming gradient
FALLBACKS: tuple[tuple[str, ...], ...] = ((), ("CLUSTER",), ("CLUSTER", "GRID"))  # exchanges to avoid, in turn
SHARED_UNASKED = 48 << 10  # bytes of shared memory that a block gets without requesting them


def persistent_source(cell: Cell, plan: Plan) -> str:
    """The source of one kernel."""
    name = "persistent_backward.cu" if plan.backward else "persistent_forward.cu"
    return source(name, *HEADERS, cell=cell, PEAKS=PEAKS, **plan.macros)


def plans(
    limits: GpuLimits | None,
    cell: Cell,
    *,
    hidden_size: int,
    seq_len: int,
    batch_size: int,
    without: tuple[str, ...] = (),
) -> tuple[Plan, Plan]:
    """The plans of the forward pass and of the backward pass.

    Raises:
        Unsupported: persistent kernels do not support such a layer; the message says why.
    """
    if limits is None:
        raise Unsupported("their products are not IEEE float32")
    if seq_len == 1:
        raise Unsupported("there is only one time step")

    def one_way(backward: bool) -> Plan:
        return choose(limits, cell, hidden_size=hidden_size, batch_size=batch_size, backward=backward, without=without)

    return one_way(False), one_way(True)


def build(
    kernels: Any, cell: Cell, *, hidden_size: int, seq_len: int, batch_size: int, training: bool
) -> "PersistentRecurrence":
    """The recurrence with the best plan that the GPU can start.

    Raises:
        Unsupported: see `plans`; or the GPU can start none of them.
    """
    refusal: Exception | None = None
    for without in FALLBACKS:
        planned = plans(
            kernels.limits, cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=batch_size, without=without
        )
        try:
            recurrence = PersistentRecurrence(kernels, cell, hidden_size, seq_len, batch_size, training, *planned)
            recurrence.try_out()
        except (RuntimeError, ValueError) as error:  # CUDADriverError is a RuntimeError; too large a grid, a ValueError
            log.info("the GPU does not start the kernels of %s: %s", " and ".join(plan.name for plan in planned), error)
            refusal = error
        else:
            return recurrence
    raise Unsupported(f"the GPU does not start them: {refusal}")


class PersistentRecurrence(OneProduct):
    """One launch forward and two backward, as planned. Products have float16 operands, which are as precise as TF32."""

    def __init__(
        self,
        kernels: Any,
        cell: Cell,
        hidden_size: int,
        seq_len: int,
        batch_size: int,
        training: bool,
        forward: Plan,
        backward: Plan,
    ) -> None:
        super().__init__(kernels, cell, hidden_size, seq_len, batch_size, training)
        self.plans = forward, backward
        self._cell, self._batch_size, self._count = cell, np.int32(batch_size), batch_size * hidden_size
        self._forward = _Kernel(kernels, cell, forward, batch_size)
        if training:
            self._backward = _Kernel(kernels, cell, backward, batch_size)
            self._largest_of = kernels.compile(source("largest.cu")).get_function("largest_of")
            self._largest = self.xp.empty(PEAKS, np.float32)

    def try_out(self) -> None:
        """Run one time step on zeros: whether it starts depends on the GPU and on what else runs there."""
        zeros = self.xp.zeros((self._cell.gates(self.hidden_size), self.hidden_size), np.float32)
        z = self.xp.zeros((1, int(self._batch_size), len(zeros)), np.float32)
        self.run_forward(zeros, zeros[:, 0].copy(), z)
        if self._recorded:
            self.run_backward(zeros, z, self.xp.zeros_like(self.h[:1]))

    def run_forward(self, weight: Any, bias: Any, z: Any) -> None:
        steps = np.int32(len(z))
        self._forward(steps, self._batch_size, self._tape, weight, bias, z, self.h, self.c, self.saved)

    def run_backward(self, weight: Any, z: Any, dh: Any) -> None:
        sizes = (np.int32(dh.size), np.int32(self._count))
        into = (dh, self._dproduct, self._dc)
        self._largest_of((PEAKS,), (THREADS,), (*sizes, *into, self._largest))
        dr = z if self._dr is None else self._dr
        self._backward(
            np.int32(len(z)), self._batch_size, self._largest, weight, z, self.h, self.c, self.saved, *into, dr
        )


class _Kernel:
    """A kernel with everything that a launch takes besides its arguments."""

    def __init__(self, kernels: Any, cell: Cell, plan: Plan, batch_size: int) -> None:
        self._waits = plan.exchange == "GRID"
        module = kernels.compile(persistent_source(cell, plan), cooperative=self._waits)
        self._kernel = module.get_function("backward" if plan.backward else "forward")
        if plan.shared_bytes > SHARED_UNASKED:
            self._kernel.max_dynamic_shared_size_bytes = plan.shared_bytes
        self._group, self._groups = plan.group, plan.groups(batch_size)
        self._at_once = min(self._groups, kernels.limits.groups(plan)) if self._waits else self._groups
        self._block, self._shared_bytes = (plan.threads,), plan.shared_bytes
        size = 2 * self._at_once * plan.rows * plan.stride if self._waits else 1
        self._operands = kernels.xp.zeros(size, np.float16)
        self._counters = kernels.xp.zeros(self._at_once, np.uint32)

    def __call__(self, *arguments: Any) -> None:
        for first in range(0, self._groups, self._at_once):
            if self._waits:
                self._counters[...] = 0
            # Two dimensions, because CuPy launches only part of a one-dimensional cooperative grid that is too large.
            grid = (self._group, min(self._at_once, self._groups - first))
            all_arguments = (np.int32(first), *arguments, self._operands, self._counters)
            self._kernel(grid, self._block, all_arguments, shared_mem=self._shared_bytes)
