"""python -m tests.kernels.registers: compile the plans of many layers for every GPU, and print those that spill.

It takes a few minutes. Run it after a change of plan.py or of a persistent kernel; the tests compile only some plans.
"""

import sys
from collections.abc import Iterator
from itertools import product

from charrnn.cells.registry import CELLS
from charrnn.errors import Unsupported
from charrnn.kernels.cells import compiled_cells
from charrnn.kernels.cuda.persistent import persistent_source
from charrnn.kernels.cuda.plan import GpuLimits, Plan, choose
from tests.kernels.nvrtc import spill_stores

# A100, RTX 3080, RTX 4090, H100, B200, RTX 5090: multiprocessors, and most bytes of shared memory in a block.
GPUS = [
    GpuLimits(80, 108, 166912),
    GpuLimits(86, 68, 101376),
    GpuLimits(89, 128, 101376),
    GpuLimits(90, 132, 232448),
    GpuLimits(100, 148, 232448),
    GpuLimits(120, 170, 101376),
]
NAMES = tuple(cell.name for cell in compiled_cells() if cell.bounded and not cell.two_products)
HIDDEN = (64, 128, 256, 512, 1024)
BATCHES = (8, 64, 128)


def plans(gpu: GpuLimits) -> Iterator[tuple[str, Plan]]:
    """All distinct plans for a GPU, with their cells."""
    seen = set()
    for cell, hidden_size, batch_size, backward in product(NAMES, HIDDEN, BATCHES, (False, True)):
        try:
            plan = choose(gpu, CELLS[cell], hidden_size=hidden_size, batch_size=batch_size, backward=backward)
        except Unsupported as refusal:
            print(f"sm_{gpu.architecture} {cell} {hidden_size}, batch {batch_size}: {refusal}")
            continue
        if (cell, plan) not in seen:
            seen.add((cell, plan))
            yield cell, plan


def main(*architectures: str) -> None:
    """Compile for the given architectures, or for all."""
    for gpu in GPUS:
        if architectures and str(gpu.architecture) not in architectures:
            continue
        count = spilling = 0
        for cell, plan in plans(gpu):
            (spilled,) = spill_stores(persistent_source(CELLS[cell], plan), gpu.architecture)
            count, spilling = count + 1, spilling + bool(spilled)
            if spilled:
                print(f"sm_{gpu.architecture} {cell} spills {spilled} bytes: {plan}")
        print(f"sm_{gpu.architecture}: {spilling} of {count} plans spill", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
