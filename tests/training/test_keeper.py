"""Writes that fail while training: tried again, told, and nothing lost that could be kept."""

import errno
import os
import shutil

import pytest

from charrnn.errors import StorageError
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.run import Run
from charrnn.training.events import Notice
from charrnn.training.trainer import Trainer
from tests.support.training import SMALL, setup, sha256, train


def full():
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def fail_saves(monkeypatch):
    """Make the n-th saves fail, counted from 1 over both files."""

    def begin(*numbers):
        save, count = Checkpoint.save, iter(range(1, 1000))

        def failing(self, path):
            if next(count) in numbers:
                raise StorageError(f"{path} cannot be written: No space left on device; free some space")
            save(self, path)

        monkeypatch.setattr(Checkpoint, "save", failing)

    return begin


def notices(events):
    return [event.text for event in events if isinstance(event, Notice)]


@pytest.mark.parametrize("failing", [[1], [2], [3], [4], [5], [1, 2], [4, 5], [13]], ids=str)
def test_a_save_that_fails_is_tried_again(text, tmp_path, fail_saves, failing):
    train(text, SMALL, run=str(tmp_path / "whole"))
    fail_saves(*failing)
    events = train(text, SMALL, run=str(tmp_path / "run"))
    assert all("No space left on device; the next save tries again" in told for told in notices(events))
    assert events[-1].reason == "done"
    for name in ("last.safetensors", "best.safetensors"):
        assert sha256(tmp_path / "run" / name) == sha256(tmp_path / "whole" / name)


@pytest.mark.parametrize("failing", [[1], [2]], ids=str)
def test_a_best_that_could_not_be_written_is_written_with_the_next_save(text, tmp_path, fail_saves, failing):
    run = Run(tmp_path / "run")
    fail_saves(*failing)
    train(text, SMALL, run=str(run.folder), stop_at=9)
    assert (checkpoint.load(run.best).progress.step, checkpoint.load(run.last).progress.step) == (7, 9)


def test_training_stops_when_saves_fail_again_and_again(text, tmp_path, fail_saves):
    fail_saves(*range(5, 100))
    with pytest.raises(StorageError) as stopped:
        train(text, SMALL, run=str(tmp_path / "run"))
    assert str(stopped.value) == (
        f"training stops at step 35: {tmp_path}/run/last.safetensors cannot be written: No space left on device, "
        f"3 times in a row; step 14 is still saved: free some space, then charrnn train --resume --run {tmp_path}/run"
    )
    assert checkpoint.load(tmp_path / "run" / "best.safetensors").progress.step == 14


def test_a_folder_that_is_gone_is_not_called_intact(text, tmp_path):
    trainer = Trainer(setup(text, SMALL, run=str(tmp_path / "v" / "run")).setup)
    trainer.interrupted = lambda: trainer.progress.step == 9 and shutil.rmtree(tmp_path / "v")
    with pytest.raises(StorageError, match=r"the folder .*/run is gone, 3 times in a row; nothing of it is saved$"):
        list(trainer.run())
    assert not (tmp_path / "v").exists()


def test_a_line_of_metrics_that_fails_is_told_once_and_written_later(text, tmp_path, monkeypatch):
    append, count = Run.append_metrics, iter(range(100))

    def failing(self, rows):
        if next(count) < 3:
            raise full()
        append(self, rows)

    monkeypatch.setattr(Run, "append_metrics", failing)
    told = notices(train(text, SMALL, run=str(tmp_path / "run")))
    assert [text for text in told if "metrics.jsonl" in text] == [
        f"{tmp_path}/run/metrics.jsonl cannot be written: No space left on device; training continues, and tries again"
    ]
    assert [row["step"] for row in Run(tmp_path / "run").read_metrics()] == [7, 14, 21, 28, 35, 40]


def test_metrics_that_can_never_be_written_are_an_error_at_the_end(text, tmp_path, monkeypatch):
    def failing(self, rows):
        raise full()

    monkeypatch.setattr(Run, "append_metrics", failing)
    with pytest.raises(StorageError, match=r"the run is saved, but .*metrics.jsonl lacks 6 evaluations: it cannot be"):
        train(text, SMALL, run=str(tmp_path / "run"))
    assert checkpoint.load(tmp_path / "run" / "last.safetensors").progress.ended == "done"
