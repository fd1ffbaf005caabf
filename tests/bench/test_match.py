"""Two sides take turns, and a match that would mean nothing is refused."""

import importlib.util
from dataclasses import replace

import pytest

from charrnn.bench import match
from charrnn.bench.match import BenchRequest, bench
from charrnn.bench.workload import Workload
from charrnn.errors import BackendError, ConfigError, Unsupported
from charrnn.kernels.numpy.cells.lstm import LSTM
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.kernels.reference import ReferenceKernels
from tests.bench.examples import TINY, measurement


def test_wrong_kernels_are_not_timed(monkeypatch):
    monkeypatch.setattr(LSTM, "differentiate", lambda self, t: None)
    monkeypatch.setattr(match, "measure", None)
    with pytest.raises(BackendError, match="wrong"):
        bench(BenchRequest(TINY, "cpu", "numpy"))


def test_two_kernels_take_turns():
    notes = []
    report = bench(BenchRequest(TINY, "cpu", "numpy", rival="reference", pairs=2, steps=3), notes.append)
    assert (report.ours.name, report.rival.name, len(report.pairs)) == ("charrnn numpy", "charrnn reference", 2)
    assert report.ratio.low <= report.ratio.median <= report.ratio.high
    assert report.ours.memory is None or 0 <= report.ours.memory.training < report.ours.memory.peak
    assert notes == ["checking against the reference", "measuring the machine", "pair 1 of 2", "pair 2 of 2"]


def test_what_the_kernels_leave_to_slower_ones_is_said(monkeypatch):
    monkeypatch.setattr(match, "measure", lambda job: measurement(job.side, 1.0))
    notes = []
    bench(BenchRequest(replace(TINY, cell="peephole"), "cpu", "numpy"), notes.append)
    assert notes[0] == "numpy kernels (NumPy time loop: peephole has none)"


def test_both_sides_run_on_the_threads_asked_for(monkeypatch):
    jobs = []

    def measured(job):
        jobs.append(job)
        return measurement(job.side, 1.0)

    monkeypatch.setattr(match, "measure", measured)
    monkeypatch.setattr(ReferenceKernels, "set_threads", lambda self, threads: None)
    bench(BenchRequest(TINY, "cpu", "numpy", rival="reference", pairs=1, threads=2))
    assert [(job.side, job.threads) for job in jobs] == [("numpy", 2), ("reference", 2)]


@pytest.mark.parametrize(("precision", "tolerated"), [("float32", 1e-3), ("bf16", 1e-2)])
def test_sides_that_learn_different_things_are_not_compared(monkeypatch, precision, tolerated):
    too_far = 1 + 1.1 * tolerated
    losses = iter([1.0, 1 + 0.9 * tolerated, 1.0, too_far])
    monkeypatch.setattr(match, "measure", lambda job: replace(measurement(job.side, 1.0), loss=next(losses)))
    monkeypatch.setattr(NumpyKernels, "precision", precision)
    with pytest.raises(BackendError, match=rf"do not learn the same: their losses are 1\.0000 and {too_far:.4f}"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival="reference", pairs=2))
    assert next(losses, None) is None


def test_rivals_that_cannot_run(monkeypatch):
    with pytest.raises(ConfigError, match="kernel 'nonsense'"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival="nonsense"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unsupported, match="PyTorch has no peephole"):  # installing PyTorch would not change that
        bench(BenchRequest(replace(TINY, cell="peephole"), "cpu", "numpy", rival="torch"))
    with pytest.raises(BackendError, match=r"PyTorch is not installed; pip install torch"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival="torch"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "found")
    with pytest.raises(Unsupported, match="PyTorch has no gru-before; use another --cell"):
        bench(BenchRequest(Workload("gru-before", 5, 3, 1, 2, 2), "cpu", "numpy", rival="torch"))


@pytest.mark.parametrize("rival", [None, "reference"])
def test_threads_of_kernels_that_have_none_are_refused_before_anything_is_measured(monkeypatch, rival):
    if rival:  # only the rival has none
        monkeypatch.setattr(NumpyKernels, "set_threads", lambda self, threads: None)
    monkeypatch.setattr(match, "check", None)
    monkeypatch.setattr(match, "describe", None)
    with pytest.raises(Unsupported, match=f"the {rival or 'numpy'} kernels have no threads of their own"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival=rival, threads=2))
