"""The memory that this process can still get: the least of what the machine, its cgroups and `ulimit -v` leave.

Source: proc(5); the kernel's documentation of cgroup-v2, and of cgroup-v1/memory.
"""

import os
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # a module elsewhere

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 60  # version 1 has a huge number where there is no limit


def available() -> int | None:
    """Bytes of RAM that are free for this process; None if the system does not say."""
    return min(_limits(), default=None)


def _limits() -> Iterator[int]:
    if machine := _values(PROC / "meminfo").get("MemAvailable:"):
        yield 1024 * machine
    yield from _cgroups()
    if resource:
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            yield max(0, soft - _address_space())


def _address_space() -> int:
    """Bytes of address space that this process has."""
    try:
        return int((PROC / "self" / "statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _cgroups() -> Iterator[int]:
    """What each group that contains this process leaves."""
    for line in _read(PROC / "self" / "cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:  # version 2
            yield from _in_groups(CGROUPS, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _in_groups(CGROUPS / "memory", path, *names)


def _in_groups(root: Path, path: str, limit: str, used: str, reclaimable: str) -> Iterator[int]:
    """The same for one hierarchy; within a container, its own group may be mounted as the root."""
    group = root / path.lstrip("/")
    for folder in (group, *group.parents):
        most = _read(folder / limit).strip()
        if most.isdigit() and int(most) < _NO_LIMIT:
            cache = _values(folder / "memory.stat").get(reclaimable, 0)  # page cache, which makes room
            yield max(0, int(most) - int(_read(folder / used).strip() or 0) + cache)
        if folder == root:
            return


def _values(path: Path) -> dict[str, int]:
    """The numbers of a file of lines `name number`."""
    words = (line.split() for line in _read(path).splitlines())
    return {each[0]: int(each[1]) for each in words if len(each) > 1 and each[1].isdigit()}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
