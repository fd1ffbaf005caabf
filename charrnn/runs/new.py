"""The folder of a new run. A run that was there moves aside, and is put back if the new one cannot begin."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType

from charrnn.errors import CheckpointError, StorageError
from charrnn.files import Lock, make_folder, move_folder, sync_folder
from charrnn.runs.run import ASIDE, STDIN, Run, is_own_file


@dataclass(frozen=True)
class NewRun:
    """A new run whose folder exists and is locked; as a context manager, it is discarded if its block fails."""

    run: Run
    lock: Lock
    moved: Path | None  # where the run that was there before is now
    replaces: bool = False  # what a run left that ended before its first checkpoint

    @classmethod
    def open(cls, run: Run, *, force: bool) -> "NewRun":
        """Make and lock the folder. With `force`, a run that is already there moves aside.

        Raises:
            CheckpointError: there is a run already, or the folder cannot be made.
            StorageError: another process trains this run now.
        """
        try:
            moved = _make_room(run, force=force)
            make_folder(run.folder)
            foreign = sorted(path.name for path in run.folder.iterdir() if not is_own_file(path))
        except OSError as error:
            raise CheckpointError(
                f"the run folder {run.folder} cannot be made: {error.strerror}; name another with --run DIR"
            ) from None
        if foreign:
            raise CheckpointError(
                f"{run.folder} holds other files ({foreign[0]}), but not a run; choose another folder with --run DIR"
            )
        lock = run.lock()
        there = any(path.exists() for path in (run.metrics, run.config))
        replaces = there and not moved
        return cls(run, lock, moved, replaces)

    def forget_metrics(self) -> None:
        """Remove the metrics of a run that ended before its first checkpoint.

        Raises:
            StorageError: they cannot be removed.
        """
        try:
            self.run.metrics.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self.run.metrics} cannot be removed: {error.strerror}; remove it") from None

    @property
    def older(self) -> int:
        """The number of runs that were moved aside before, and are still there."""
        folder = self.run.folder.resolve()
        pattern = re.compile(re.escape(folder.name) + ASIDE)
        aside = {path.name for path in folder.parent.iterdir() if pattern.fullmatch(path.name)}
        return len(aside - {self.moved.name} if self.moved else aside)

    def __enter__(self) -> "NewRun":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:  # also on Ctrl-C and out of memory
            self.discard()

    def discard(self) -> None:
        """Give up: remove what the run wrote, and put back the run that moved aside.

        Standard input is kept in a folder that was there before: it may be the text of the run that is in it.
        """
        self.lock.release()
        folder = self.run.folder
        with suppress(OSError):
            for path in list(folder.iterdir()):
                if is_own_file(path) and (self.moved or path.name != STDIN):
                    path.unlink()
            folder.rmdir()
            if self.moved:
                move_folder(self.moved, folder)


def _make_room(run: Run, *, force: bool) -> Path | None:
    """Move a run that is in the folder aside; returns its new folder, or None if there is none with a checkpoint.

    No checkpoint is ever deleted: the folder becomes the first of NAME.old, NAME.old2, ... that is free.
    """
    if not run.has_checkpoint:
        return None
    if not force:
        raise CheckpointError(
            f"{run.folder} holds a run; --resume continues it, --force moves it aside, --run DIR takes another folder"
        )
    run.lock().release()  # no other process trains it
    folder = Path(os.path.abspath(run.folder))  # a link moves, not the folder that it leads to
    names = (f"{folder.name}.old{number if number > 1 else ''}" for number in count(1))
    free = next(path for path in map(folder.with_name, names) if not os.path.lexists(path))
    try:
        move_folder(folder, free)
        sync_folder(folder.parent)
    except OSError as error:
        raise CheckpointError(f"{run.folder} cannot be moved aside: {error.strerror}") from None
    return run.folder.parent / free.name
