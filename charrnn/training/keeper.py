"""Writes the checkpoints and the metrics of a run, and tries again what could not be written."""

from collections.abc import Iterator
from copy import deepcopy

from charrnn.errors import CheckpointError, StorageError
from charrnn.hints import command, counted
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.metrics import Row
from charrnn.runs.run import Run
from charrnn.training.events import Event, Notice, Saved

MOST_FAILURES = 3  # saves that fail in a row until training stops


class Keeper:
    """Keeps last, best and metrics of `run`; the rule for their order is that of `charrnn.runs.recover`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._owed: Checkpoint | None = None  # a best evaluation whose two files could not both be written
        self._failures = 0  # in a row
        self._rows: list[Row] = []  # lines that are not written yet
        self._told = False

    def add_metrics(self, row: Row) -> Iterator[Notice]:
        """Write a line of the metrics. One that cannot be written is kept for later; a notice says so, once."""
        self._rows.append(row)
        error = self._write_metrics()
        if error and not self._told:
            self._told = True
            yield Notice(
                f"{self._run.metrics} cannot be written: {error.strerror}; training continues, and tries again"
            )

    def save(self, now: Checkpoint, *, best: bool = False, end: bool = False) -> Iterator[Event]:
        """Write `now` as the last checkpoint, and as the best if it is.

        If that fails, a notice says so, and the next call tries again; at the `end` of training it is tried at once.

        Raises:
            StorageError: it failed MOST_FAILURES times in a row.
        """
        while True:
            try:
                self._write(now, best)
            except StorageError as error:
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    raise self._gives_up(now, error) from error
                if not end:
                    yield Notice(f"{_reason(error)}; the next save tries again")
                    return
            else:
                self._failures = 0
                yield Saved(now.progress.step, self._run.last)
                return

    def close(self) -> None:
        """Write the lines of the metrics that are left.

        Raises:
            StorageError: they cannot be written.
        """
        if error := self._write_metrics():
            lines = counted(len(self._rows), "evaluation")
            raise StorageError(
                f"the run is saved, but {self._run.metrics} lacks {lines}: it cannot be written: {error.strerror}"
            )

    def _write_metrics(self) -> OSError | None:
        if not self._rows:
            return None
        try:
            self._run.append_metrics(self._rows)
        except OSError as error:
            return error
        self._rows.clear()
        return None

    def _write(self, now: Checkpoint, best: bool) -> None:
        self._write_metrics()  # a checkpoint must not be newer than its line
        try:
            if self._owed and not best:
                self._write_files(self._owed, best=True)
                self._owed = None
            self._write_files(now, best)
        except StorageError:
            if best:
                self._owed = deepcopy(now)  # its arrays are those of the network
            raise
        if best:
            self._owed = None

    def _write_files(self, now: Checkpoint, best: bool) -> None:
        if not self._run.folder.is_dir():
            raise StorageError(f"the folder {self._run.folder} is gone")
        now.save(self._run.last)
        if best:
            now.as_best.save(self._run.best)

    def _gives_up(self, now: Checkpoint, error: StorageError) -> StorageError:
        stops = f"training stops at step {now.progress.step}"
        return StorageError(f"{stops}: {_reason(error)}, {self._failures} times in a row; {self._left()}")

    def _left(self) -> str:
        """What can be resumed."""
        try:
            step = checkpoint.load(self._run.last).progress.step
        except CheckpointError:
            return "nothing of it is saved"
        again = command("train", "--resume", "--run", self._run.folder)
        return f"step {step} is still saved: free some space, then {again}"


def _reason(error: StorageError) -> str:
    """The first part of a message: what cannot be written, and why."""
    return str(error).split("; ")[0]
