"""Runs every CUDA kernel except the persistent ones under the thread sanitizer; an argument removes block barriers.

Start it with the sanitizer's library preloaded. The exit code is 66 if a race was found.
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
    """Run each kernel once, at a size that takes more than one block if that is quick."""
    backend = open_backend("cpu")

    def change(source: str) -> str:
        return source.replace("__syncthreads();", "") if spoiled else source

    cuda.PARTIAL_SUMS = 2  # running 256 blocks one after another would take most of the time
    with tempfile.TemporaryDirectory() as folder:
        kernels = cuda.CudaKernels(backend.xp, compiler(Path(folder), "-fsanitize=thread", change=change))
        for operation in OPERATIONS.values():
            operation(kernels, arrays_of(backend, 6, 9))
        for cell in () if spoiled else ("lstm", "gru-before"):  # step.cu and two_products.cu
            run(backend, kernels, Layer(cell, 1, 2, 9), cell)


if __name__ == "__main__":
    main(spoiled=len(sys.argv) > 1)
