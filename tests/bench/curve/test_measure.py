"""Loss against time, compared with a rival that need not be PyTorch."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from charrnn.bench.curve import measure as curve
from charrnn.bench.curve.measure import CurveRequest, measure_curve, reached
from charrnn.bench.curve.turns import Curve, Point, Recipe, take_turns
from charrnn.config import Config
from charrnn.errors import BackendError, ConfigError, Unsupported
from charrnn.session import TrainRequest, prepare
from charrnn.text.files.source import from_path
from charrnn.text.tokens import encode_corpus
from charrnn.training.events import Evaluated
from charrnn.training.trainer import Trainer
from tests.bench.examples import measurement

TEXT = "".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(60))
CONFIG = Config(hidden_size=8, num_layers=1, seq_len=10, batch_size=4, steps=40, learning_rate=0.02)
ALL = {
    "batch_ramp": 2,
    "accumulate": 2,
    "random_lengths": True,
    "average": "ema",
    "average_decay": 0.9,
    "label_smoothing": 0.1,
    "weight_decay": 0.1,
    "optimizer": "adamw",
    "embedding_size": 5,
    "grad_clip": 0.5,
}
TORCH = importlib.util.find_spec("torch") is not None


@pytest.fixture
def source():
    Path("fox.txt").write_text(TEXT)
    return from_path(Path("fox.txt"), glob="*")


def request(source, rival="reference", **settings):
    return CurveRequest(source, CONFIG.replace(**settings), rival, "cpu", "numpy")


@pytest.mark.parametrize("settings", [{}, ALL | {"dropout_output": 0.3}], ids=("plain", "everything"))
def test_the_curve_of_charrnn_is_that_of_a_training_and_the_rival_does_the_same(source, settings):
    notes = []
    report = measure_curve(request(source, **settings), notes.append)
    config = CONFIG.replace(**settings, eval_every=2, sample_length=0).to_dict()
    given = {name: value for name, value in config.items() if value is not None}
    training = Trainer(prepare(TrainRequest(("fox.txt",), given, "none", device="cpu", kernel="numpy")).setup)
    losses = [event.val_loss for event in training.run() if isinstance(event, Evaluated)]
    assert [point.steps for point in report.ours.points] == list(range(2, 41, 2))
    assert [point.val_loss for point in report.ours.points] == pytest.approx(losses, abs=1e-6)
    assert [point.val_loss for point in report.rival.points] == pytest.approx(losses, abs=1e-4)
    assert (report.ours.name, report.rival.name) == ("charrnn numpy", "charrnn reference")
    seconds = [point.seconds for point in report.ours.points]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert report.settings["hidden_size"] == 8 and report.train_chars == 2367
    assert notes[0] == "checking against the reference" and notes[-1].startswith("step 40 of 40: charrnn numpy ")


def points(*losses):
    return Curve("x", "", tuple(Point(step, 10.0 * step, 1.0, loss) for step, loss in enumerate(losses, 1)))


def test_when_the_rivals_final_loss_was_reached():
    rival = points(3.0, 2.5, 2.0, 2.1)
    assert reached(points(2.2, 2.1, 1.9), rival, 0.0).seconds == 20
    assert reached(points(2.2, 2.1, 1.9), rival, 0.0).share == 0.5
    assert reached(points(2.2, 2.11), rival, 0.0).share is None
    assert reached(points(2.2, 2.11), rival, 0.02).share == 0.5


def test_minutes_are_those_of_charrnn(source, monkeypatch):
    monkeypatch.setattr(curve, "measure", lambda job: measurement("us", 0.5, 0.6, 0.7))
    timed = replace(CONFIG, steps=None, minutes=0.1)
    report = measure_curve(CurveRequest(source, timed, "reference", "cpu", "numpy"))
    assert report.ours.points[-1].steps == 10


def test_both_sides_learn_on_the_threads_asked_for(source):
    asked = replace(request(source), threads=1)
    with pytest.raises(BackendError, match="kernels have no threads of their own"):
        measure_curve(asked)


def test_settings_that_cannot_be_measured(source, monkeypatch):
    with pytest.raises(ConfigError, match="schedule plateau depends on evaluations"):
        measure_curve(request(source, schedule="plateau"))
    with pytest.raises(ConfigError, match="nothing is held out"):
        measure_curve(request(source, val_fraction=0.0))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "found")
    for settings, message in (
        ({"optimizer": "rmsprop"}, "PyTorch's rmsprop differs from charrnn's; use one of adam"),
        ({"temporal_penalty": 1.0}, "no activation_penalty or temporal_penalty"),
        ({"dropout": 0.1, "num_layers": 2, "dropout_mask": "chunk"}, "use dropout_mask step"),
        ({"cell": "gru-before"}, "PyTorch has no gru-before; use another --cell"),
    ):
        with pytest.raises(Unsupported, match=message):
            measure_curve(request(source, "torch", **settings))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match="PyTorch is not installed"):
        measure_curve(request(source, "torch"))


def test_a_side_that_fails_is_one_line(source, tmp_path):
    vocabulary = encode_corpus(source, CONFIG, tmp_path / "ids").vocabulary.to_dict()
    recipe = Recipe("reference", "cpu", CONFIG.to_dict(), vocabulary, str(tmp_path / "ids"), 10)
    for changes, message in (
        ({"device": "tpu"}, "reference failed: device 'tpu' is not one of auto"),
        ({"folder": "nowhere"}, "reference failed: the encoded text in nowhere is missing or damaged"),
    ):
        with pytest.raises(BackendError, match=message) as caught:
            take_turns((replace(recipe, **changes), recipe), None, print)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(not TORCH, reason="PyTorch is not installed")
@pytest.mark.parametrize(
    ("cell", "settings"),
    [
        ("lstm", {}),
        ("gru", ALL),
        ("tanh", {"optimizer": "momentum", "num_layers": 2, "average": "polyak"}),
        ("relu", {"optimizer": "sgd", "grad_clip_mode": "value", "grad_clip": 0.01, "schedule": "step"}),
    ],
)
def test_torch_learns_the_same(source, cell, settings):
    report = measure_curve(request(source, "torch", cell=cell, **settings))
    theirs = [point.val_loss for point in report.rival.points]
    assert theirs == pytest.approx([point.val_loss for point in report.ours.points], abs=1e-3)
