"""Atomic file writes, locks, and the user's cache folder."""

import logging
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import StorageError

try:
    import fcntl
except ImportError:  # on Windows nothing is locked
    fcntl = None  # type: ignore[assignment]  # a module elsewhere

log = logging.getLogger(__name__)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` when it is complete; see `replacing_at`."""
    with replacing_at(path) as part, part.open("w+b") as file:
        yield file


@contextmanager
def replacing_at(path: Path) -> Iterator[Path]:
    """Yield a temporary path whose file replaces `path` if the block succeeds, and is removed if not.

    The file is written beside `path` and synced, so that readers see the old file or the new one, even after a crash.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}; what was there before is intact; free some "
            "space, or choose another folder"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class Lock:
    """A lock file that one process holds at a time, until it calls `release()` or ends for any reason.

    Some file systems of clusters and clouds cannot lock files: there a note says that nothing is locked.

    Raises:
        StorageError: another process holds the lock, or the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StorageError(
                f"the folder {path.parent} cannot be written: {error.strerror}; change its permissions, "
                "or choose another folder"
            ) from error
        self.release = weakref.finalize(self, os.close, descriptor)
        try:
            if fcntl:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace") or "unknown"
            self.release()
            raise StorageError(
                f"{path.parent} is in use by process {holder}; stop that first, or choose another folder"
            ) from None
        except OSError as error:
            _note_without_lock(path.parent, error.strerror)
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())


@cache  # once for each folder: --force locks one twice
def _note_without_lock(folder: Path, reason: str) -> None:
    log.info("locks do not work in %s (%s); do not train there twice at once", folder, reason)


def cache_folder() -> Path:
    """The folder for cached files: $CHARRNN_CACHE, else charrnn/ in $XDG_CACHE_HOME or ~/.cache."""
    if named := os.environ.get("CHARRNN_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "charrnn"
