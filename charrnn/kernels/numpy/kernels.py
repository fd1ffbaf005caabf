"""The kernels in NumPy."""

from typing import Any

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.errors import Unsupported
from charrnn.kernels.numpy.cells import find_time_loop
from charrnn.kernels.protocol import Recurrence
from charrnn.kernels.reference import ReferenceKernels


class NumpyKernels(ReferenceKernels):
    """NumPy with recurrences in place; cells without a time loop run in the reference's recurrence."""

    name = "numpy"

    def __init__(self) -> None:
        super().__init__(np)

    def recurrence(
        self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int, dtype: Any, training: bool
    ) -> Recurrence:
        try:
            loop = find_time_loop(CELLS[cell])
        except Unsupported:  # `refusals` says so
            sizes = {"hidden_size": hidden_size, "seq_len": seq_len, "batch_size": batch_size}
            return super().recurrence(cell, **sizes, dtype=dtype, training=training)
        return loop(CELLS[cell], hidden_size, seq_len, batch_size, dtype, training)

    def refusals(self, cell: str, *, hidden_size: int, seq_len: int, batch_size: int) -> tuple[str, ...]:
        try:
            find_time_loop(CELLS[cell])
        except Unsupported as refusal:
            return (f"NumPy time loop: {refusal}",)
        return ()

    def gather(self, table: Any, ids: Any, out: Any) -> None:
        np.take(table, ids, axis=0, out=out, mode="clip")  # mode "raise" would make another copy of `out`

    def scatter_add(self, ids: Any, rows: Any, out: Any) -> None:
        """Sort by id, so that the cost does not grow with the vocabulary."""
        order = np.argsort(ids, kind="stable")
        rows = rows[order]
        present, starts = np.unique(ids[order], return_index=True)
        out[...] = 0
        # A loop over sums: np.add.reduceat over the sorted rows is several times slower.
        for symbol, start, stop in zip(present, starts, [*starts[1:], len(ids)], strict=True):
            rows[start:stop].sum(axis=0, out=out[symbol])
