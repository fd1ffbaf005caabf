"""Runs persistent sweeps under the thread sanitizer; with an argument, those of BROKEN.

To be started with the sanitizer's library preloaded; its exit code is then 66 if a race was seen.
"""

import sys
import tempfile
from pathlib import Path

from charrnn.backend import open_backend
from tests.kernels.agreement import run
from tests.kernels.planned import CASES, PlannedKernels
from tests.layers import Layer

BROKEN = {
    "cluster_wait();": "lstm in clusters of 2",
    "if (threadIdx.x == 0) wait_for(counter, GROUP * (turn + 1));": "lstm on a grid, in two launches",
    "turn % 2 *": "lstm in clusters of 2",  # one operand for all turns
    "__syncthreads();": "gru alone, a tile not full",
}


def main(broken: str) -> None:
    """The case that shows what is broken; or else one of each exchange."""
    names = [BROKEN[broken]] if broken else list(dict.fromkeys(BROKEN.values()))
    with tempfile.TemporaryDirectory() as folder:
        kernels = PlannedKernels(Path(folder), "-fsanitize=thread", change=lambda source: source.replace(broken, ""))
        for name in names:
            kernels.case = CASES[name]
            run(open_backend("cpu"), kernels, Layer(kernels.case.cell, *kernels.case.shape), kernels.case.cell)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
