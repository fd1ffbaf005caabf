"""The files of a run."""

import errno
import os

import pytest

from charrnn.runs.checkpoint import Progress
from charrnn.runs.run import Run

ROW = {"step": 1, "epoch": 0.1, "chars": 9, "seconds": 0.5, "train_loss": 3.0, "val_loss": None}


def test_metrics_on_a_full_disk_are_an_error(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("charrnn.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        Run(tmp_path).append_metrics([ROW])


def test_a_line_that_was_cut_off_is_dropped_with_those_after_the_checkpoint(tmp_path):
    run = Run(tmp_path)
    run.append_metrics([ROW])
    with run.metrics.open("a") as file:
        file.write('{"step": 2, "sec')
    assert run.read_metrics() == [ROW]
    run.forget_metrics_after(Progress(step=1, evaluations=1))
    run.append_metrics([ROW | {"step": 2}])
    assert [row["step"] for row in run.read_metrics()] == [1, 2]
