"""A run that an earlier version wrote opens, samples, evaluates and resumes.

data/kept was written by the last version whose modules were not grouped in rooms: an LSTM of 4 units after 40 steps.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from charrnn.evaluation.score import Evaluator
from charrnn.runs import checkpoint
from charrnn.runs.model import open_model
from charrnn.runs.run import Run
from charrnn.sampling.generate import TextLimits, generate
from charrnn.sampling.sampler import Filter
from tests.support.training import train

KEPT = Path(__file__).parent / "data" / "kept"


@pytest.fixture
def run(tmp_path):
    """A copy of the run: a run may be moved, and it contains the text it learned from."""
    return Run(Path(shutil.copytree(KEPT, tmp_path / "kept")))


def test_its_checkpoint_is_read(run):
    saved = checkpoint.load(run.last)
    assert (saved.progress.step, saved.progress.ended) == (40, "done")
    assert saved.config["hidden_size"] == 4 and saved.config["average"] == "ema"
    assert saved.weights["rnn.weight_hh_l0"].shape == (16, 4)
    assert set(saved.moments) == {"mean", "square_mean", "average"}


@pytest.mark.parametrize("kernel", ["reference", "numpy"])
def test_it_samples(run, kernel):
    model = open_model(str(run.folder), device="cpu", kernel=kernel)
    (pieces,) = generate(model, np.array([], int), Filter(), TextLimits(length=30), seed=1)
    assert len("".join(pieces)) == 30


def test_its_loss_is_the_one_that_was_recorded(run):
    model = open_model(str(run.folder), device="cpu", kernel="numpy")
    val = model.tokens().val
    score = Evaluator(model.shape, model.params, model.backend, model.choice.kernels, len(val)).score(val)
    assert score.loss == pytest.approx(run.read_metrics()[-1]["val_loss"], abs=1e-5)


def test_it_resumes_and_keeps_its_settings(run):
    before, metrics = checkpoint.load(run.last), run.metrics.read_text()
    events = train(None, {"steps": 50}, run=str(run.folder), resume=True)
    after = checkpoint.load(run.last)
    assert (events[-1].reason, after.progress.step) == ("done", 50)
    assert after.config == before.config | {"steps": 50}
    assert (after.given_by, after.preset, after.corpus) == (before.given_by, before.preset, before.corpus)
    assert run.metrics.read_text().startswith(metrics)
    settings = (run.folder / "config.yaml").read_text().splitlines()
    kept = (KEPT / "config.yaml").read_text().replace("steps: 40", "steps: 50").splitlines()
    assert [line for line in settings if line in kept] == kept  # settings that came later have their defaults
