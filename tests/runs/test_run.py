"""The files of a run."""

import os

import pytest

from charrnn.errors import StorageError
from charrnn.runs.run import Run

VALUES = {"step": 1, "seconds": 0.5}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_metrics_on_a_full_disk_are_one_error(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"metrics.jsonl cannot be written: No space left on device; .* free some"):
        Run(tmp_path).append_metrics(VALUES)


def test_a_line_that_was_cut_off_is_dropped_with_those_after_the_checkpoint(tmp_path):
    run = Run(tmp_path)
    run.append_metrics(VALUES)
    with run.metrics.open("a") as file:
        file.write('{"step": 2, "sec')
    assert run.read_metrics() == [VALUES]
    run.forget_metrics_after(1)
    run.append_metrics(VALUES | {"step": 2})
    assert [values["step"] for values in run.read_metrics()] == [1, 2]
