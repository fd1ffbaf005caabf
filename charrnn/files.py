"""Atomic file writes, locks, and the user's cache folder.

File systems of clusters and clouds lack one thing or another: locks, syncing, renaming. Work continues without it, and
a note says what is lost.
"""

import errno
import logging
import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterable, Iterator
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

# The errors of an operation that a file system does not have. Others, such as a full disk, are failures.
LACKING = {errno.EINVAL, errno.ENODEV, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
_NO_RENAME = LACKING | {errno.EXDEV}  # EXDEV: a folder in a lower layer of a container's disk
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for a reader


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` when it is complete; see `replacing_at`."""
    with replacing_at(path) as part, part.open("w+b") as file:
        yield file


@contextmanager
def replacing_at(path: Path) -> Iterator[Path]:
    """Yield a temporary path whose file replaces `path` if the block succeeds, and is removed if not.

    The file is written beside `path` and synced, so that readers see the old file or the new one, even after a crash;
    where files cannot be synced or renamed, a note says so.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with writing(path):
            make_folder(path.parent)
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # never a file that a link leads to
            yield part
            with part.open("rb+") as file:  # Windows syncs no file that is open for reading only
                _sync(file.fileno(), part.parent)
            _rename(part, path)
        _sync_name(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn errors of the file system into one about `path`, whose content must stay what it was if writing fails.

    Raises:
        StorageError: instead of any OSError in the block.
    """
    try:
        yield
    except OSError as error:
        kept = "what was there before is intact; " if path.is_file() else ""
        raise StorageError(f"{path} cannot be written: {error.strerror}; {kept}{_remedy(error)}") from error


def _remedy(error: OSError) -> str:
    """The end of a message about a file that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space, or choose another folder"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "change the permissions of its folder, or choose another one"
    if error.errno == errno.ENOMEM:
        return "free some memory, or end other programs"
    return "check the disk, or choose another folder"


def _sync(descriptor: int, folder: Path) -> None:
    """Wait until a file in `folder` is on the disk."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in LACKING:
            raise
        _note(folder, "files cannot be synced", error, "a power failure may lose what was written last")


def _sync_name(path: Path) -> None:
    """Wait until the name of a new file is on the disk."""
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}; a power failure may lose it; check the disk"
        ) from error


def _rename(part: Path, path: Path) -> None:
    """Let `part` replace `path`; where files cannot be renamed it is copied, which is not atomic."""
    try:
        part.replace(path)
    except OSError as refusal:
        if refusal.errno not in _NO_RENAME:
            raise
        _note(path.parent, "files cannot be renamed", refusal, "a crash while one is written may damage it")
        try:
            path.unlink(missing_ok=True)  # it may be a link, or have another name elsewhere
            shutil.copyfile(part, path)
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}; it may be incomplete now, because files cannot be "
                f"renamed here; {_remedy(error)}"
            ) from error


def move_folder(folder: Path, to: Path) -> None:
    """Rename a folder; where that is impossible, copy it and remove the original.

    Raises:
        OSError: it can be neither renamed nor copied; it is unchanged then.
    """
    try:
        folder.rename(to)
    except OSError as refusal:
        if refusal.errno not in _NO_RENAME:
            raise
        try:
            _copy_folder(folder, to)
        except OSError:
            shutil.rmtree(to, ignore_errors=True)
            raise
        shutil.rmtree(folder)


def _copy_folder(folder: Path, to: Path) -> None:
    to.mkdir()
    for path in folder.iterdir():
        copy = to / path.name
        if path.is_dir() and not path.is_symlink():
            _copy_folder(path, copy)
        else:
            shutil.copyfile(path, copy, follow_symlinks=False)
            with suppress(OSError):  # of a file system without modes or times
                shutil.copystat(path, copy, follow_symlinks=False)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that they survive a power failure."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: only then does a rename survive a power failure."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder that may not be read, and any folder on Windows
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in LACKING:
            raise
    finally:
        os.close(descriptor)


def open_own(path: Path, flags: int) -> int:
    """Open a file of a run, made if it is missing; a link is refused, because it may lead anywhere.

    Raises:
        OSError: it is a link, has another name elsewhere, is not a file, or cannot be opened.
    """
    refusal = OSError(errno.ELOOP, f"{path.name} is a link, or not a file")
    if path.is_symlink():
        raise refusal
    descriptor = os.open(path, flags | _NO_LINKS, 0o666)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(descriptor)
        raise refusal
    return descriptor


def append(path: Path, lines: bytes) -> None:
    """Add whole lines to a file, and wait until they are on the disk; if that fails, the file stays as it was.

    A last line that was cut off is ended first.

    Raises:
        OSError: they cannot be written.
    """
    is_new = not path.exists()
    with open(open_own(path, os.O_RDWR | os.O_APPEND | os.O_CREAT), "a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size and file.seek(size - 1) >= 0 and file.read(1) != b"\n":
            lines = b"\n" + lines
        try:
            while lines:
                lines = lines[file.write(lines) :]
            _sync(file.fileno(), path.parent)
            if is_new:
                sync_folder(path.parent)
        except OSError:
            with suppress(OSError):
                file.truncate(size)
            raise


def remove_leftovers(folder: Path, names: Iterable[str], lock: "Lock") -> None:
    """Remove what killed processes left while they wrote one of the files `names`; `lock` is that of the folder.

    Where locks do not work, files of processes that still run stay, and so do those that name no process.
    """
    with suppress(OSError):
        for path in list(folder.iterdir()):
            writer = writer_of(path, names)
            if writer is not None and path.is_file() and not path.is_symlink() and (lock.held or _has_ended(writer)):
                path.unlink(missing_ok=True)


def writer_of(path: Path, names: Iterable[str]) -> int | None:
    """The process that wrote a temporary file for one of `names`, 0 if its name does not say; None for other files."""
    if re.fullmatch(r"\.tmp[0-9A-Za-z]{6}", path.name):  # safetensors writes there
        return 0
    name, _, process = path.name.removeprefix(".").rpartition(".")
    ours = path.name.startswith(".") and name in names and process.isascii() and process.isdigit()
    return int(process) if ours and len(process) < 20 else None


def _has_ended(process: int) -> bool:
    if process in (0, os.getpid()):
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass
    return False


class Lock:
    """A lock file that one process holds at a time, until it calls `release()` or ends for any reason.

    Some file systems of clusters and clouds cannot lock files: there a note says that nothing is locked, and
    `held` is false.

    Raises:
        StorageError: another process holds the lock, or the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            descriptor = open_own(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise StorageError(
                f"the folder {path.parent} cannot be written: {error.strerror}; change its permissions, "
                "copy it, or choose another folder"
            ) from error
        self.release = weakref.finalize(self, os.close, descriptor)
        self.held = False
        try:
            if fcntl:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.held = True
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace") or "unknown"
            self.release()
            raise StorageError(
                f"{path.parent} is in use by process {holder}; stop that first, or choose another folder"
            ) from None
        except OSError as error:
            _note(path.parent, "locks do not work", error, "do not train there twice at once")
        with suppress(OSError):  # the disk may be full; the number is only for a message
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())


def _note(folder: Path, lack: str, error: OSError, loss: str) -> None:
    """Say once for each folder what its file system lacks, and what is lost by that."""
    _note_once(folder, lack, error.strerror, loss)


@cache
def _note_once(folder: Path, lack: str, reason: str, loss: str) -> None:
    log.info("%s in %s (%s); %s", lack, folder, reason, loss)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for temporary files, which is removed again: the system's, or else one in the user's cache folder.

    Raises:
        StorageError: neither can be written.
    """
    try:
        made = tempfile.TemporaryDirectory(prefix="charrnn-")
    except OSError as refusal:
        try:
            cache_folder().mkdir(parents=True, exist_ok=True)
            made = tempfile.TemporaryDirectory(prefix=".temporary-", dir=cache_folder())
        except OSError:
            raise StorageError(
                f"temporary files cannot be written: {refusal.strerror}; set TMPDIR to a folder that can be written"
            ) from None
    with made as name:
        yield Path(name)


def cache_folder() -> Path:
    """The folder for cached files: $CHARRNN_CACHE, else charrnn/ in $XDG_CACHE_HOME or ~/.cache.

    A user without a home, as in a container, has the root folder for one, as Docker sets it. It is never the current
    folder: what is cached there would be found, and loaded, by another user.
    """
    if named := os.environ.get("CHARRNN_CACHE"):
        return Path(named)
    named, home = os.environ.get("XDG_CACHE_HOME") or "", os.path.expanduser("~")
    base = named if os.path.isabs(named) else os.path.join(home if os.path.isabs(home) else os.sep, ".cache")
    return Path(base) / "charrnn"
