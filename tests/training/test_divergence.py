"""Divergence that stays finite: never the best, stopped with one line, or rolled back."""

import pytest

from charrnn.errors import DivergedError
from charrnn.evaluation.score import Evaluator, Score
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.training.divergence import Limits
from charrnn.training.events import Notice
from tests.support.training import SMALL, setup, sha256, train

WILD = SMALL | {"schedule": "constant", "optimizer": "sgd", "grad_clip": 0}


@pytest.mark.parametrize(
    ("train_loss", "val_loss", "is_lost"),
    [
        (4.5, 4.5, False),
        (50.0, 50.0, True),
        (1e30, 5e30, True),
        (145_000.0, 4.1, False),  # it has recovered
        (1.0, 20.0, False),  # held-out text that differs
        (1.0, 1e6, True),
        (50.0, None, True),
        (4.5, None, False),
    ],
)
def test_what_counts_as_lost(train_loss, val_loss, is_lost):
    assert Limits(91).is_lost(train_loss, val_loss) == is_lost


def test_one_symbol_is_never_lost():
    assert not Limits(1).is_lost(0.0, 0.0)


@pytest.mark.parametrize("rate", [1e3, 1e10, 1e30])
@pytest.mark.parametrize("changes", [{}, {"optimizer": "adam"}, {"val_fraction": 0.0}, {"eval_every": 40}], ids=str)
def test_an_explosion_stops_training_and_nothing_is_called_best(text, tmp_path, rate, changes):
    with pytest.raises(DivergedError, match=r"training diverged after step \d+: loss .*; nothing was saved yet; try"):
        train(text, WILD | {"learning_rate": rate} | changes, run=str(tmp_path / "run"))
    assert not Run(tmp_path / "run").has_checkpoint


def test_an_explosion_keeps_what_was_saved_before(text, tmp_path):
    run = Run(tmp_path / "run")
    train(text, WILD, run=str(run.folder), stop_at=10)
    before = sha256(run.last), sha256(run.best)
    with pytest.raises(DivergedError, match=r"where guessing gives 3.64; .*last.safetensors is kept as it was"):
        train(None, {"learning_rate": 1e10}, run=str(run.folder), resume=True)
    assert (sha256(run.last), sha256(run.best)) == before


def test_a_single_bad_evaluation_is_survived(text, tmp_path, monkeypatch):
    losses = iter([3.0, 1e9, 2.9, 2.8, 2.7, 2.6])
    monkeypatch.setattr(Evaluator, "score", lambda self, ids: Score(next(losses), 1))
    assert train(text, SMALL, run=str(tmp_path / "run"))[-1].best_val_loss == 2.6


def test_rolling_back_halves_the_rate_until_it_learns(text, tmp_path):
    settings = WILD | {"optimizer": "adam", "learning_rate": 4.0, "on_divergence": "rollback"}
    run = Run(tmp_path / "run")
    session = setup(text, settings, run=str(run.folder))
    events = list(session.run(lambda: False))
    told = [event.text for event in events if isinstance(event, Notice) and "half the rate" in event.text]
    rollbacks = run.read_metrics()[-1]["rollbacks"]
    assert events[-1].reason == "done" and 1 <= len(told) == len(rollbacks) <= 3
    assert [each["learning_rate"] for each in rollbacks] == [4.0 / 2 ** (n + 1) for n in range(len(rollbacks))]
    assert checkpoint.load(run.last).progress.rollbacks == rollbacks
    assert [row["step"] for row in run.read_metrics()] == [7, 14, 21, 28, 35, 40]


def test_rolling_back_ends_after_three_times(text, tmp_path):
    settings = WILD | {"learning_rate": 1e30, "on_divergence": "rollback"}
    session = setup(text, settings, run=str(tmp_path / "run"))
    with pytest.raises(DivergedError, match="it was rolled back 3 times"):
        list(session.run(lambda: False))
    assert checkpoint.load(tmp_path / "run" / "last.safetensors").progress.step == 0


def test_a_run_that_was_rolled_back_resumes_to_the_same_bytes(text, tmp_path):
    settings = WILD | {"optimizer": "adam", "learning_rate": 4.0, "on_divergence": "rollback"}
    for name, stop in (("whole", 1000), ("parts", 36)):
        session = setup(text, settings, run=str(tmp_path / name))
        steps = []

        def stopped(steps=steps, stop=stop):
            steps.append(1)
            return len(steps) >= stop

        list(session.run(stopped))
        session.setup.lock.release()
    session = setup(None, {}, run=str(tmp_path / "parts"), resume=True)
    list(session.run(lambda: False))
    for name in ("last.safetensors", "best.safetensors"):
        assert sha256(tmp_path / "parts" / name) == sha256(tmp_path / "whole" / name)


def test_a_lost_run_that_is_interrupted_is_not_saved(text, tmp_path):
    session = setup(text, WILD | {"learning_rate": 1e10, "on_divergence": "rollback"}, run=str(tmp_path / "run"))
    steps = []
    with pytest.raises(DivergedError, match=r"after step 9: .* is kept as it was"):
        list(session.run(lambda: steps.append(1) or len(steps) >= 9))
    assert checkpoint.load(tmp_path / "run" / "last.safetensors").progress.step == 0
