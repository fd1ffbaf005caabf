"""Files that are whole or not there: written under a temporary name, synced, and put in place in one move."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import StorageError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, which takes its place if the block ends well, and is removed if not.

    A reader, or a crash, so sees the old file or the new one, never half of one.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}; what was there before is intact; free some "
                           "space, or choose another folder") from error  # fmt: skip
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def cache_folder() -> Path:
    """The user's cache: $CHARRNN_CACHE, else charrnn/ in $XDG_CACHE_HOME or ~/.cache."""
    if named := os.environ.get("CHARRNN_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "charrnn"
