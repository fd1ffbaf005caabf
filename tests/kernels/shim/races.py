"""Runs every CUDA kernel under the thread sanitizer, but the persistent ones; with an argument, without block barriers.

To be started with the sanitizer's library preloaded; its exit code is then 66 if a race was seen.
"""

import sys
import tempfile
from pathlib import Path

from charrnn.device.backend import open_backend
from charrnn.kernels.cuda import kernels as cuda
from tests.kernels.agreement import OPERATIONS, arrays_of, run
from tests.kernels.shim import compiler
from tests.support.layers import Layer


def main(spoiled: bool) -> None:
    """Each kernel once, at a size that takes more than one block where that is quick."""
    backend = open_backend("cpu")

    def change(source: str) -> str:
        return source.replace("__syncthreads();", "") if spoiled else source

    cuda.PARTIAL_SUMS = 2  # 256 blocks, one after another, would take most of the time
    with tempfile.TemporaryDirectory() as folder:
        kernels = cuda.CudaKernels(backend.xp, compiler(Path(folder), "-fsanitize=thread", change=change))
        for operation in OPERATIONS.values():
            operation(kernels, arrays_of(backend, 6, 9))
        for cell in () if spoiled else ("lstm", "gru-before"):  # sweep.cu and gated.cu
            run(backend, kernels, Layer(cell, 1, 2, 9), cell)


if __name__ == "__main__":
    main(spoiled=len(sys.argv) > 1)
