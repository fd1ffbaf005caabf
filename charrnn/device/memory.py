"""The RAM that is free for this process."""

import os
from contextlib import suppress
from pathlib import Path

from charrnn.device.cgroup import memory_left

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]  # a module elsewhere

MEMINFO = Path("/proc/meminfo")
STATM = Path("/proc/self/statm")


def available_memory() -> int | None:
    """Bytes of RAM that this process may take without pushing others out; None where the system does not tell."""
    known = [number for number in (_of_machine(), memory_left(), _of_process()) if number is not None]
    return min(known, default=None)


def _of_process() -> int | None:
    """Bytes that the process may take below the limit of its address space, which batch systems set."""
    if resource is None:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError):
        return max(0, limit - int(STATM.read_text().split()[0]) * resource.getpagesize())
    return limit


def _of_machine() -> int | None:
    with suppress(OSError):  # a system without /proc
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows; a name that the system does not know
        return None
