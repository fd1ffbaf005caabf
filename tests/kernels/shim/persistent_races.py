"""Runs persistent time loops under the thread sanitizer; an argument is a line of source to leave out.

Start it with the sanitizer's library preloaded. The exit code is 66 if a race was found.
"""

import sys
import tempfile
from pathlib import Path

from charrnn.device.backend import open_backend
from tests.kernels.agreement import run
from tests.kernels.planned import CASES, PlannedKernels
from tests.support.layers import Layer

GRID, CLUSTERS = "lstm on a grid, in two launches", "lstm in clusters of 2"
SEQ_LEN, BATCH_SIZE = 2, 9  # two turns, two groups
WAIT = "if (threadIdx.x == 0) wait_for(counter, GROUP * (turn + 1));"


def main(without: str = "") -> None:
    """Run both directions in clusters and on a grid; with a line left out, only forward on a grid."""
    with tempfile.TemporaryDirectory() as folder:
        kernels = PlannedKernels(Path(folder), "-fsanitize=thread", change=lambda source: source.replace(without, ""))
        for name in (GRID,) if without else (GRID, CLUSTERS):
            kernels.case = case = CASES[name]
            layer = Layer(case.cell, SEQ_LEN, BATCH_SIZE, case.shape[2])
            run(open_backend("cpu"), kernels, layer, case.cell, training=not without)


if __name__ == "__main__":
    main(*sys.argv[1:])
