"""Opens the checkpoints of a run that a crash, a failed write or a bad disk may have left apart or damaged.

One rule keeps best.safetensors and last.safetensors together. At an evaluation that is the best so far, last is written
first, and best from the same state; until best is written, last is not replaced. So a best that last names and that is
not there can always be made from last: it is last itself, with the weights that were evaluated. A run that was killed
at any moment and resumed therefore ends with the same bytes as one that was left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import CheckpointError, DamagedError, StorageError
from charrnn.files import sync_folder
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.run import DAMAGED, Run


@dataclass(frozen=True)
class Recovered:
    """The checkpoint to resume from, its file, and lines about what was wrong."""

    checkpoint: Checkpoint
    path: Path
    notices: tuple[str, ...] = ()


def recover(run: Run) -> Recovered:
    """The newest checkpoint of `run` that is whole; the caller holds the lock of the run.

    A best checkpoint that is missing is made from the last one, and damaged files are set aside under another name.

    Raises:
        CheckpointError: no checkpoint can be read.
        StorageError: a file cannot be written.
    """
    try:
        last = _read(run.last)
    except DamagedError as error:
        return _from_best(run, error)
    if last is None:
        return _from_best(run, CheckpointError(f"there is no checkpoint {run.last}"))
    return Recovered(last, run.last, tuple(_mend_best(run, last)))


def _from_best(run: Run, why: CheckpointError) -> Recovered:
    """The best checkpoint, in place of a last one that is damaged or gone."""
    try:
        best = _read(run.best)
    except DamagedError:
        best = None
    if best is None:
        raise why
    what = f"damaged, and is now {_set_aside(run.last).name}" if run.last.exists() else "gone"
    step = best.progress.step
    notice = f"{run.last} is {what}; the run continues from {run.best.name}, which is that of step {step}"
    return Recovered(best, run.best, (notice,))


def _mend_best(run: Run, last: Checkpoint) -> Iterator[str]:
    """Bring the best checkpoint and what `last` says about it together; yields lines about what was done."""
    progress = last.progress
    if progress.best_step is None:
        return
    best, was = None, "is gone"
    try:
        best = _read(run.best)
    except DamagedError:
        was = f"was damaged, and is now {_set_aside(run.best).name}"
    if best and (best.progress.step == progress.best_step or best.progress.step > progress.step):
        return  # a best that is newer than last is written again when the run comes there
    if progress.best_step == progress.step:
        last.as_best.save(run.best)
        yield f"{run.best} is made from {run.last.name}: that of step {progress.step} was not there yet"
        return
    if best:
        yield f"{run.best} is that of step {best.progress.step}, not of {progress.best_step}; it counts as the best"
    else:
        yield f"{run.best} {was}; the next evaluation counts as the best"
    progress.best_step = best.progress.best_step if best else None
    progress.best_val_loss = best.progress.best_val_loss if best else None


def _read(path: Path) -> Checkpoint | None:
    """The checkpoint, or None if there is none."""
    return checkpoint.load(path) if path.is_file() else None


def _set_aside(path: Path) -> Path:
    """Give a damaged file another name; an older one of that name is replaced."""
    aside = path.with_name(path.name + DAMAGED)
    try:
        path.replace(aside)
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"{path} is damaged, and cannot be renamed: {error.strerror}; rename it") from None
    return aside
