"""The limits of a container, or of a job on a cluster: Linux's control groups, in both of their versions."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def processor_limit() -> float | None:
    """Processors' worth of time that this process gets, such as 0.5; None without a limit."""
    limits = [*_ratios("cpu.max"), *_ratios("cpu.cfs_quota_us", "cpu.cfs_period_us")]
    return min(limits, default=None)


def memory_left() -> int | None:
    """Bytes of RAM that this process may still take; None without a limit."""
    left = [*_left("memory.max", "memory.current"), *_left("memory.limit_in_bytes", "memory.usage_in_bytes")]
    return min(left, default=None)


def _ratios(*names: str) -> Iterator[float]:
    for folder in _folders("cpu"):
        with suppress(OSError, ValueError):  # ValueError: "max" for none
            quota, period = (int(word) for name in names for word in (folder / name).read_text().split())
            if quota > 0 and period > 0:  # -1 for none
                yield quota / period


def _left(limit: str, usage: str) -> Iterator[int]:
    for folder in _folders("memory"):
        with suppress(OSError, ValueError):
            most, used = (int((folder / name).read_text()) for name in (limit, usage))
            yield max(0, most - used + _reclaimable(folder))


def _reclaimable(folder: Path) -> int:
    """Bytes of files in RAM that count as used and are given up when RAM is short."""
    for line in (folder / "memory.stat").read_text().splitlines():
        name, _, number = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file"):
            return int(number)
    return 0


def _folders(controller: str) -> Iterator[Path]:
    """The folders of the groups that this process is in, outward; a container sees its own group as the root."""
    try:
        lines = OWN.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and controller not in controllers.split(","):
            continue
        root = ROOT / controller if controllers else ROOT
        inner = root / path.lstrip("/")
        yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(root))
