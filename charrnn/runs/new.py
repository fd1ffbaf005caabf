"""The folder of a new run. A run that was there moves aside, and is put back if the new one cannot begin."""

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType

from charrnn.errors import CheckpointError
from charrnn.files import Lock, move_folder
from charrnn.runs.run import ASIDE, STDIN, Run, is_own_file


@dataclass(frozen=True)
class NewRun:
    """A new run whose folder exists and is locked; as a context manager, it is discarded if its block fails."""

    run: Run
    lock: Lock
    moved: Path | None  # where the run that was there before is now

    @classmethod
    def open(cls, run: Run, *, force: bool) -> "NewRun":
        """Make and lock the folder. With `force`, a run that is already there moves aside.

        Raises:
            CheckpointError: there is a run already, or the folder cannot be made.
            StorageError: another process trains this run now.
        """
        try:
            moved = _make_room(run, force=force)
            run.folder.mkdir(parents=True, exist_ok=True)
            foreign = sorted(path.name for path in run.folder.iterdir() if not is_own_file(path))
        except OSError as error:
            raise CheckpointError(
                f"the run folder {run.folder} cannot be made: {error.strerror}; name another with --run DIR"
            ) from None
        if foreign:
            raise CheckpointError(
                f"{run.folder} holds other files ({foreign[0]}), but not a run; choose another folder with --run DIR"
            )
        return cls(run, run.lock(), moved)

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
    """Move a run that is in the folder aside; returns its new folder, or None if there is no run.

    Nothing is ever deleted: the folder becomes the first of NAME.old, NAME.old2, ... that is free.
    """
    if not any(path.exists() for path in (run.last, run.best, run.metrics)):
        return None
    if not force:
        if not (run.last.exists() or run.best.exists()):
            raise CheckpointError(
                f"{run.folder} holds a run without a checkpoint; --force moves it aside, --run DIR takes another folder"
            )
        raise CheckpointError(
            f"{run.folder} holds a run; --resume continues it, --force moves it aside, --run DIR takes another folder"
        )
    run.lock().release()  # no other process trains it
    folder = run.folder.resolve()
    names = (f"{folder.name}.old{number if number > 1 else ''}" for number in count(1))
    free = next(path for path in map(folder.with_name, names) if not path.exists())
    try:
        move_folder(folder, free)
    except OSError as error:
        raise CheckpointError(f"{run.folder} cannot be moved aside: {error.strerror}") from None
    return run.folder.parent / free.name
