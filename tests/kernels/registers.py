"""python -m tests.kernels.registers: compiles the plans of many layers for every GPU, and prints those that spill.

Some minutes; to be run after a change of plan.py or of a persistent kernel. The tests compile some of them.
"""

import sys
from collections.abc import Iterator
from itertools import product

from charrnn.errors import Unsupported
from charrnn.kernels.cuda.persistent import persistent_source
from charrnn.kernels.cuda.plan import Limits, Plan, choose
from tests.kernels.nvrtc import spill_stores

# A100, RTX 3080, RTX 4090, H100, B200, RTX 5090: multiprocessors, and bytes of shared memory that a block can have.
GPUS = [
    Limits(80, 108, 166912),
    Limits(86, 68, 101376),
    Limits(89, 128, 101376),
    Limits(90, 132, 232448),
    Limits(100, 148, 232448),
    Limits(120, 170, 101376),
]
CELLS = ("lstm", "gru", "tanh")
HIDDEN = (64, 128, 256, 512, 1024)
BATCHES = (8, 64, 128)


def plans(gpu: Limits) -> Iterator[tuple[str, Plan]]:
    """All different ones, with their cell."""
    seen = set()
    for cell, hidden_size, batch_size, backward in product(CELLS, HIDDEN, BATCHES, (False, True)):
        try:
            plan = choose(gpu, cell, hidden_size=hidden_size, batch_size=batch_size, backward=backward)
        except Unsupported as refusal:
            print(f"sm_{gpu.architecture} {cell} {hidden_size}, batch {batch_size}: {refusal}")
            continue
        if (cell, plan) not in seen:
            seen.add((cell, plan))
            yield cell, plan


def main(*architectures: str) -> None:
    """All architectures, or those named."""
    for gpu in GPUS:
        if architectures and str(gpu.architecture) not in architectures:
            continue
        count = spilling = 0
        for cell, plan in plans(gpu):
            (spilled,) = spill_stores(persistent_source(cell, plan), gpu.architecture)
            count, spilling = count + 1, spilling + bool(spilled)
            if spilled:
                print(f"sm_{gpu.architecture} {cell} spills {spilled} bytes: {plan}")
        print(f"sm_{gpu.architecture}: {spilling} of {count} plans spill", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
