"""The cache of compiled libraries, which opens only what nobody but the user and root can have written.

A library's name ends with a digest of its content, so that one which was damaged is made again.
"""

import ctypes
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

try:
    import grp
    import pwd
except ImportError:  # Windows has other permissions
    grp = pwd = None  # type: ignore[assignment]  # modules elsewhere

_DIGITS = 20

Compile = Callable[[Path], Path]  # compiles into a folder, and returns the library in it


class Untrusted(OSError):
    """The folder cannot keep libraries, because somebody else can write them."""


def keep(folder: Path, stem: str, functions: Sequence[str], compile_in: Compile) -> ctypes.CDLL:
    """The library `stem` that `folder` keeps; if there is none that is whole, it is compiled and kept.

    Raises:
        Untrusted: somebody else can write the folder.
        OSError: the folder cannot be written, or what was compiled is of no use.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = folder.resolve()
    if reason := why_untrusted(folder):
        raise Untrusted(reason)
    for path in folder.glob(f"{stem}-*.so"):
        with suppress(OSError):
            if _is_whole(path, stem):
                return opened(path, functions)
        with suppress(OSError):
            path.unlink()
    with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as temporary:
        made = compile_in(Path(temporary))
        library = opened(made, functions)  # checks it before other processes find it
        with made.open("rb+") as file, suppress(OSError):  # a damaged library is made again
            os.fsync(file.fileno())
        made.chmod(0o700)
        os.replace(made, folder / _name(stem, made))
    return library


def opened(path: Path, functions: Sequence[str]) -> ctypes.CDLL:
    """Load a library; raises OSError if it cannot be loaded or lacks one of `functions`."""
    library = ctypes.CDLL(str(path))
    for name in functions:
        if not hasattr(library, name):
            raise OSError(f"{path.name} lacks the function {name}")
    return library


def why_untrusted(folder: Path) -> str | None:
    """Why others could replace files in `folder`, which has no links in its path; None if only the user and root can.

    In a parent others may write if it is sticky, as /tmp is: there they cannot rename what they do not own.
    """
    if not pwd:
        return None
    for each in (folder, *folder.parents):
        found = each.stat()
        sticky = each != folder and found.st_mode & stat.S_ISVTX
        if found.st_uid not in (0, os.geteuid()):
            return f"{each} belongs to another user"
        if _is_shared(found) and not sticky:
            return f"other users can write in {each}; chmod go-w it"
    return None


def _is_shared(found: os.stat_result) -> bool:
    """Whether anyone but the owner can write; where each user has a group of their own, that group is the user."""
    if found.st_mode & stat.S_IWGRP:
        try:
            user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(found.st_gid)
        except KeyError:
            return True
        own = user.pw_uid != 0 and user.pw_gid == group.gr_gid and user.pw_name == group.gr_name
        if not (own and set(group.gr_mem) <= {user.pw_name}):
            return True
    return bool(found.st_mode & stat.S_IWOTH)


def _is_whole(path: Path, stem: str) -> bool:
    """Whether `path` is a file that only the user or root can have written, with the content that its name says."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return False
    if pwd and (found.st_uid not in (0, os.geteuid()) or _is_shared(found)):
        return False
    return path.name == _name(stem, path)


def _name(stem: str, path: Path) -> str:
    return f"{stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS]}.so"
