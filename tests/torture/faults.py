"""A layer under the file operations of a process, at which the n-th one kills it, is cut off, or fails."""

import errno
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charrnn.runs import checkpoint

KILL, TORN = "kill", "torn"
OPERATIONS = ("open", "mkdir", "replace", "rename", "unlink", "truncate", "write", "fsync", "chmod")


@dataclass
class Fault:
    """What happens at operation number `at`, counted from 1.

    kind: KILL ends the process before it, TORN in the middle of what it writes; a number is that of an OSError.
    lasting: all later operations fail, too. 0 as `at` lets everything happen, and only counts.
    """

    kind: str | int = KILL
    at: int = 0
    lasting: bool = False
    count: int = 0
    seen: list[str] = field(default_factory=list)

    def meets(self, name: str, path: object = "") -> bool:
        """Count an operation; returns whether it is to be torn."""
        self.count += 1
        self.seen.append(f"{name} {Path(str(path)).name if isinstance(path, str | Path) else ''}".strip())
        if not self.at or self.count < self.at or (self.count > self.at and not self.lasting):
            return False
        if self.kind == TORN:
            return True
        if self.kind == KILL:
            self.end()
        raise OSError(self.kind, os.strerror(int(self.kind)), str(path))

    def end(self) -> None:
        """End the process."""
        die()

    def begins(self, path: Path) -> None:
        """Note that a file is opened for writing."""

    def syncs(self, descriptor: int) -> None:
        """Note that a file or a folder is synced."""

    def install(self, folder: Path) -> None:
        """Put the layer under all operations on files in `folder`; the process is not used for anything else."""
        for name in OPERATIONS:
            setattr(os, name, self._counted(name, getattr(os, name), folder))
        Path.open = self._opener(Path.open, folder)  # type: ignore[method-assign]  # for the rest of the process
        checkpoint.save_file = self._saver(checkpoint.save_file)

    def _counted(self, name: str, call: Any, folder: Path) -> Any:
        def counted(target: Any, *arguments: Any, **options: Any) -> Any:
            reading = name == "open" and arguments and arguments[0] == os.O_RDONLY
            if (isinstance(target, int) or is_inside(target, folder)) and not reading and self.meets(name, target):
                if name == "write":
                    call(target, arguments[0][: len(arguments[0]) // 2])
                die()
            if (
                name == "fsync"
            ):  # a process that is killed loses nothing that it wrote, and to wait for disks takes time
                return self.syncs(target)
            return call(target, *arguments, **options)

        return counted

    def _opener(self, call: Any, folder: Path) -> Any:
        def opened(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            file = call(path, mode, *arguments, **options)
            writes = set(mode) & set("wa+") and is_inside(path, folder)
            if "w" in mode and writes:
                self.begins(path)
            return CountedFile(file, path, self) if writes else file

        return opened

    def _saver(self, call: Any) -> Any:
        def saved(tensors: Any, path: Path, header: Any) -> None:
            torn = self.meets("save", path)
            call(tensors, path, header)
            self.begins(path)
            if torn:
                with open(path, "r+b") as file:
                    file.truncate(path.stat().st_size // 2)
                die()

        return saved


class CountedFile:
    """A file that is open for writing, whose writes are operations."""

    def __init__(self, file: Any, path: Path, fault: Fault) -> None:
        self._file, self._path, self._fault = file, path, fault

    def write(self, content: Any) -> int:
        """Write, or half of it and die."""
        if self._fault.meets("write", self._path):
            self._file.write(bytes(content)[: len(content) // 2])
            self._file.flush()
            die()
        written: int = self._file.write(content)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "CountedFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()


def is_inside(path: object, folder: Path) -> bool:
    """Whether a path is that of the folder or of something in it."""
    where = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type]  # what os takes
    return where == str(folder) or where.startswith(f"{folder}{os.sep}")


def die() -> None:
    """End as a process does that gets SIGKILL."""
    os.kill(os.getpid(), signal.SIGKILL)


ERRORS = {
    "EIO": errno.EIO,
    "ENOSPC": errno.ENOSPC,
    "EDQUOT": errno.EDQUOT,
    "EROFS": errno.EROFS,
    "EACCES": errno.EACCES,
}
