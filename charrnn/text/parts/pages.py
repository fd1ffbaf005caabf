"""The pages of files that are mapped into memory."""

import mmap

import numpy as np


def release(ids: np.ndarray) -> None:
    """Release the pages read so far of the mapped file that `ids` is a view of; they can be read again at any time.

    Resident memory stays bounded this way. Nothing happens if `ids` is in RAM.
    """
    base: object = ids
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
