"""Persistent time loops on a processor, with a plan that the test gives."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.kernels.cuda.kernels import CudaKernels
from charrnn.kernels.cuda.persistent import PersistentRecurrence
from charrnn.kernels.cuda.plan import GpuLimits, Plan
from tests.kernels import shim


class Case(NamedTuple):
    """A layer and two plans; `forward` and `backward` give the plan's rows, span, parts and in_registers."""

    cell: str
    shape: tuple[int, int, int]  # T, B, H
    exchange: str
    group: int
    forward: tuple[int, int, int, int]
    backward: tuple[int, int, int, int]

    def plan(self, backward: bool) -> Plan:
        """The plan of one direction."""
        sizes = self.backward if backward else self.forward
        return Plan(len(CELLS[self.cell].blocks), self.shape[2], backward, self.exchange, self.group, *sizes)


# These cover every cell, every exchange, weights in shared memory, and a remainder in every size: rows of the batch,
# units of a tile, pairs of a part, elements of a part.
CASES = {
    "gru alone, a tile not full": Case("gru", (3, 11, 40), "ALONE", 1, (8, 2, 2, 1), (8, 2, 2, 1)),
    "lstm alone, 16 rows": Case("lstm", (2, 13, 24), "ALONE", 1, (16, 1, 1, 1), (16, 2, 2, 1)),
    "lstm in clusters of 2": Case("lstm", (4, 9, 32), "CLUSTER", 2, (8, 1, 1, 1), (8, 2, 2, 1)),
    "cifg in clusters of 2": Case("cifg", (3, 9, 32), "CLUSTER", 2, (8, 2, 1, 1), (8, 2, 2, 1)),
    "ugrnn alone, 16 rows": Case("ugrnn", (3, 13, 24), "ALONE", 1, (16, 1, 1, 1), (16, 2, 2, 1)),
    "gru in clusters of 4": Case("gru", (3, 3, 64), "CLUSTER", 4, (8, 2, 2, 1), (8, 2, 2, 2)),
    "lstm on a grid, in two launches": Case("lstm", (3, 17, 16), "GRID", 2, (8, 1, 1, 1), (8, 2, 1, 1)),
    "tanh on a grid, idle parts": Case("tanh", (3, 9, 64), "GRID", 4, (8, 2, 2, 1), (8, 2, 8, 1)),
}


class PlannedKernels(CudaKernels):
    """CudaKernels that run `case`; two groups of two run at the same time."""

    def __init__(self, folder: Path, *flags: str, **options: Any) -> None:
        super().__init__(np, shim.compiler(folder, *flags, **options), limits=GpuLimits(90, 4, 1 << 20))
        self.case = next(iter(CASES.values()))

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> PersistentRecurrence:
        """The recurrence with the plans of `case`, for layers of any size."""
        plans = self.case.plan(False), self.case.plan(True)
        return PersistentRecurrence(self, CELLS[cell], hidden_size, seq_len, batch_size, training, *plans)
