"""PyTorch's side, where PyTorch is installed."""

import contextlib
import importlib.util

import numpy as np
import pytest

from charrnn.bench.job import Job, measure, try_variants
from charrnn.bench.timing import HostClock, Laps
from charrnn.bench.workload import Workload

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")


@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh", "relu"])
def test_torch_learns_the_same(cell):
    job = Job("torch", "cpu", Workload(cell, 5, 3, 2, 7, 2), steps=2)
    trial = try_variants(job)
    variant = trial.variant
    assert trial.milliseconds[variant] == min(trial.milliseconds.values())
    theirs = measure(Job("torch", "cpu", job.workload, steps=2, sampling=True, variant=variant))
    ours = measure(Job("numpy", "cpu", job.workload, steps=2))
    assert theirs.loss == pytest.approx(ours.loss, abs=1e-5)
    assert theirs.sampling["one_text"] >= theirs.sampling["one_text_by_default"] > 0


def test_threads_are_those_of_the_job():
    import torch

    from charrnn.bench.torch_side import TorchSide

    before = torch.get_num_threads()
    try:
        TorchSide(Job("torch", "cpu", Workload("lstm", 5, 3, 2, 7, 2), variant="oneDNN, fused Adam", threads=1))
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("cell", ["lstm", "tanh"])
def test_a_graph_of_torch_begins_as_a_step_without_one(monkeypatch, cell):
    from charrnn.bench import torch_side

    plain = torch_side._ON_CPU["no oneDNN, fused Adam"]
    monkeypatch.setattr(torch_side, "_ON_CPU", {"plain": plain, "graph": plain._replace(graph=True)})
    monkeypatch.setattr(torch_side, "side_stream", contextlib.nullcontext)
    monkeypatch.setattr(torch_side, "recorded", lambda step: step)  # recording a step would not run it
    losses = {}
    for variant in ("plain", "graph"):
        job = Job("torch", "cpu", Workload(cell, 5, 3, 2, 7, 2), variant=variant)
        side, laps = torch_side.TorchSide(job), Laps(HostClock())
        laps.start()
        losses[variant] = [float(side.step(laps)) for _ in range(5)]
    # Both start from a state of zeros, and the first step of the graph is the first step of the training.
    np.testing.assert_allclose(losses["graph"], losses["plain"], atol=1e-6)
    assert "graph" in laps.seconds()
