"""The processors of this machine that the process may use."""

import math
import os

from charrnn.device.cgroup import processor_limit


def processors() -> int:
    """The number of processors that this process may use; part of one counts as one."""
    here = len(affinity()) or os.cpu_count() or 1
    limit = processor_limit()
    return here if limit is None else min(here, math.ceil(limit))


def affinity() -> set[int]:
    """The numbers of the processors that this process may run on; empty where the system does not tell."""
    try:
        return os.sched_getaffinity(0)
    except (AttributeError, OSError):  # not on macOS and Windows, nor in every sandbox
        return set()
