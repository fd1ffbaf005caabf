"""Worker processes: what they answer, and how they fail."""

import pytest

from charrnn.bench.job import Job, measure
from charrnn.errors import BackendError
from tests.bench.examples import TINY


def test_sampling_is_measured():
    drawn = measure(Job("numpy", "cpu", TINY, steps=1, sampling=True)).sampling
    assert drawn["one_text"] > 0
    assert drawn["hundred_texts"] > 0


def test_the_worker_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert measure(Job("numpy", "cpu", TINY, steps=1)).name == "charrnn numpy"


def test_threads_reach_the_kernels_of_the_worker():
    with pytest.raises(BackendError, match="measuring numpy failed: the numpy kernels have no threads"):
        measure(Job("numpy", "cpu", TINY, steps=1, threads=1))


@pytest.mark.parametrize("side", ["nonsense", "torch"])
def test_a_failing_worker_is_one_line(side):
    with pytest.raises(BackendError) as caught:
        measure(Job(side, "cpu", TINY, variant="no such, variant"))
    assert str(caught.value).startswith(f"measuring {side} failed: ")
    assert "\n" not in str(caught.value)
