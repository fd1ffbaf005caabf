"""Runs that a crash or a bad disk left apart or damaged: they resume, and end with the bytes of one left alone."""

import shutil

import pytest

from charrnn.errors import CheckpointError
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.recover import recover
from charrnn.runs.run import Run
from tests.support.training import SMALL, setup, sha256, told, train

NAMES = ("best.safetensors", "last.safetensors")


def digests(run):
    return [sha256(run.folder / name) for name in NAMES]


@pytest.fixture
def whole(text, tmp_path):
    """A run that was left alone."""
    train(text, SMALL, run=str(tmp_path / "whole"))
    return Run(tmp_path / "whole")


class Killed(BaseException):
    """The end of the process, as far as a run can tell."""


@pytest.mark.parametrize("average", ["none", "ema"])
@pytest.mark.parametrize("step", [7, 14, 40])
def test_a_kill_between_last_and_best(text, tmp_path, monkeypatch, step, average):
    settings = SMALL | {"average": average, "average_decay": 0.5}
    train(text, settings, run=str(tmp_path / "whole"))
    save = Checkpoint.save

    def killed(self, path):
        if path.name == "best.safetensors" and self.progress.step == step:
            raise Killed
        save(self, path)

    monkeypatch.setattr(Checkpoint, "save", killed)
    run = Run(tmp_path / "run")
    dying = setup(text, settings, run=str(run.folder))
    with pytest.raises(Killed):
        list(dying.run(lambda: False))
    dying.setup.lock.release()
    monkeypatch.undo()
    session = setup(None, {}, run=str(run.folder), resume=True)
    mended = f"{run.best} is made from last.safetensors: that of step {step} was not there yet"
    assert mended in told(session)
    assert checkpoint.load(run.best).progress.step == step
    session.setup.lock.release()
    train(None, {}, run=str(run.folder), resume=True)
    assert digests(run) == digests(Run(tmp_path / "whole"))


@pytest.mark.parametrize("damage", ["damaged", "gone"])
def test_a_last_checkpoint_that_is_damaged_or_gone(text, tmp_path, whole, damage):
    run = Run(tmp_path / "run")
    train(text, SMALL, run=str(run.folder), stop_at=17)
    best = checkpoint.load(run.best).progress.step
    if damage == "gone":
        run.last.unlink()
    else:
        run.last.write_bytes(bytes(run.last.stat().st_size))
    session = setup(None, {}, run=str(run.folder), resume=True)
    what = "damaged, and is now last.safetensors.damaged" if damage == "damaged" else "gone"
    continues = f"the run continues from best.safetensors, which is that of step {best}"
    assert told(session) == [f"{run.last} is {what}; {continues}"]
    assert not run.last.exists()
    session.setup.lock.release()
    train(None, {}, run=str(run.folder), resume=True)
    assert digests(run) == digests(whole)
    train(text, SMALL, run=str(run.folder), force=True)  # what was set aside is the run's own


@pytest.mark.parametrize("damage", ["damaged", "gone"])
def test_a_best_checkpoint_that_is_damaged_or_gone(text, tmp_path, whole, damage):
    run = Run(tmp_path / "run")
    train(text, SMALL, run=str(run.folder), stop_at=17)
    if damage == "gone":
        run.best.unlink()
    else:
        run.best.write_bytes(run.best.read_bytes()[:-1])
    session = setup(None, {}, run=str(run.folder), resume=True)
    what = "was damaged, and is now best.safetensors.damaged" if damage == "damaged" else "is gone"
    assert told(session) == [f"{run.best} {what}; the next evaluation counts as the best"]
    assert not run.best.exists()
    session.setup.lock.release()
    train(None, {}, run=str(run.folder), resume=True)
    assert digests(run)[0] == digests(whole)[0]


def test_a_best_checkpoint_of_an_older_step_counts_as_the_best(text, tmp_path):
    run = Run(tmp_path / "run")
    train(text, SMALL, run=str(run.folder), stop_at=8)
    shutil.copy(run.best, tmp_path / "older")
    train(None, {}, run=str(run.folder), resume=True, stop_at=15)
    shutil.copy(tmp_path / "older", run.best)  # as earlier versions left it
    found = recover(run)
    assert found.notices == (f"{run.best} is that of step 7, not of 14; it counts as the best",)
    older = checkpoint.load(run.best).progress
    assert (found.checkpoint.progress.best_step, found.checkpoint.progress.best_val_loss) == (7, older.best_val_loss)


def test_with_both_damaged_nothing_is_touched(text, tmp_path):
    run = Run(tmp_path / "run")
    train(text, SMALL, run=str(run.folder), stop_at=8)
    for path in (run.last, run.best):
        path.write_bytes(b"nothing at all")
    with pytest.raises(CheckpointError, match=r"last.safetensors is not a checkpoint, or a damaged one"):
        recover(run)
    assert {path.read_bytes() for path in (run.last, run.best)} == {b"nothing at all"}


def test_a_file_of_another_program_is_not_called_damaged(text, tmp_path):
    run = Run(tmp_path / "run")
    train(text, SMALL, run=str(run.folder), stop_at=8)
    saved = checkpoint.load(run.last)
    saved.config["holographic"] = True
    saved.save(run.last)
    with pytest.raises(CheckpointError, match="which this version does not know"):
        recover(run)
    assert run.last.exists()
