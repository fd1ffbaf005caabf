"""Training runs: resumed equals uninterrupted, what is written, when it stops."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn import session
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import DivergedError
from charrnn.evaluation.score import Evaluator, Score
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.session import TrainRequest, prepare
from charrnn.training.events import Evaluated, Finished, Notice, Saved, Step
from charrnn.training.trainer import Trainer
from tests.support.training import SMALL, setup, sha256, train


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dropout": 0.4, "cell": "gru"},
        {
            "schedule": "plateau",
            "plateau_patience": 1,
            "decay": 0.5,
            "optimizer": "momentum",
            "learning_rate": 9.0,
            "eval_every": 2,
        },
        {"schedule": "step", "decay_after": 0, "optimizer": "adamw", "weight_decay": 0.1, "embedding_size": 3},
        {"optimizer": "rmsprop", "split": "interleaved", "cell": "gru-before"},
        {
            "dropout_weights": 0.3,
            "dropout_input": 0.1,
            "dropout_output": 0.3,
            "dropout_mask": "chunk",
            "average": "ema",
            "label_smoothing": 0.1,
            "temporal_penalty": 1.0,
        },
        {"average": "polyak", "average_after": 0.3, "activation_penalty": 1.0},
        {"accumulate": 3, "random_lengths": True, "dropout": 0.2},
        {"optimizer": "adagrad", "split": "unique-lines", "cell": "tanh"},
        {"batch_ramp": 4, "dropout_output": 0.3, "average": "ema"},
        {"batch_ramp": 8, "accumulate": 2, "random_lengths": True},
    ],
    ids=str,
)
def test_a_resumed_run_ends_with_the_same_bytes(text, tmp_path, changes):
    settings = SMALL | changes
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(text, settings, run=str(whole))
    # In the middle of an epoch, at its end, at an evaluation, and one step after it.
    train(text, settings, run=str(parts), stop_at=3)
    for stop_at in (14, 15, 19, 20, None):
        train(None, {}, run=str(parts), resume=True, stop_at=stop_at)
    for name in ("last.safetensors", "best.safetensors"):
        assert sha256(whole / name) == sha256(parts / name), name
    losses = [[values | {"seconds": None} for values in Run(folder).read_metrics()] for folder in (whole, parts)]
    assert losses[0] == losses[1]


class TestAhead:
    """A host that asks for update after update before it reads what they measured, as on a GPU."""

    @pytest.fixture
    def ahead(self, monkeypatch):
        monkeypatch.setattr(session, "open_backend", lambda device: replace(open_backend("cpu"), ahead=5))

    @pytest.mark.parametrize("changes", [{"dropout": 0.4}, {"accumulate": 3, "average": "ema"}], ids=str)
    def test_nothing_is_different(self, text, tmp_path, request, changes):
        settings = SMALL | changes
        at_once = train(text, settings, run=str(tmp_path / "at once"))
        request.getfixturevalue("ahead")
        later = train(text, settings, run=str(tmp_path / "later"))
        train(text, settings, run=str(tmp_path / "parts"), stop_at=3)
        for stop_at in (14, 18, None):
            train(None, {}, run=str(tmp_path / "parts"), resume=True, stop_at=stop_at)
        for name in ("last.safetensors", "best.safetensors"):
            assert len({sha256(tmp_path / run / name) for run in ("at once", "later", "parts")}) == 1
        steps = [
            [replace(event, chars_per_second=0, seconds_left=0) for event in events if isinstance(event, Step)]
            for events in (at_once, later)
        ]
        assert steps[0] == steps[1]

    def test_losses_are_read_when_the_ledger_is_full_and_before_what_is_made_of_them(self, text, tmp_path, ahead):
        events = train(text, SMALL | {"steps": 18, "eval_every": 7}, run=str(tmp_path / "run"))
        order = [type(event).__name__[:2] for event in events]
        assert "".join(order) == "StStStStStStStSaEvSaStStStStStStStSaEvSaStStStStSaEvSaSaFi"

    def test_an_update_reads_nothing_from_the_device(self, text, tmp_path, ahead, monkeypatch):
        reads = []
        to_host = Backend.to_host
        monkeypatch.setattr(Backend, "to_host", lambda self, array: reads.append(array.shape) or to_host(self, array))
        trainer = Trainer(prepare(TrainRequest((text,), SMALL, run=str(tmp_path / "run"))).setup)
        for name in ("cross_entropy_gradient", "norm"):
            monkeypatch.setattr(trainer.kernels, name, unread(getattr(trainer.kernels, name)))
        for _ in range(5):
            assert reads == []
            trainer._update()
        assert len(list(trainer._read_ledger())) == 5
        assert reads == [(5, 2)]

    def test_divergence_is_found_before_anything_is_saved(self, text, tmp_path, ahead):
        test_divergence_stops_at_once_and_keeps_the_last_good_checkpoint(text, tmp_path)

    @pytest.mark.parametrize("changes", [{}, {"random_lengths": True, "accumulate": 2}], ids=str)
    def test_a_text_on_the_device_is_the_same_text(self, text, tmp_path, ahead, monkeypatch, changes):
        train(text, SMALL | changes, run=str(tmp_path / "copied"))
        monkeypatch.setattr(Backend, "free_memory", lambda self: 1 << 30)
        train(text, SMALL | changes, run=str(tmp_path / "kept"))
        assert sha256(tmp_path / "copied" / "best.safetensors") == sha256(tmp_path / "kept" / "best.safetensors")


def unread(compute):
    """Wrap `compute` so that nobody can read its result."""
    return lambda *arguments: np.asarray(compute(*arguments)).view(Unread)


class Unread(np.ndarray):
    """A number on a device; reading it would mean waiting."""

    def __float__(self):
        raise AssertionError("the host waits for the device")

    __bool__ = __int__ = item = tolist = __float__


def test_the_loss_falls_and_the_best_checkpoint_is_the_lowest(text, tmp_path):
    events = train(text, SMALL | {"steps": 300, "eval_every": 50, "learning_rate": 0.01}, run=str(tmp_path / "run"))
    steps = [event for event in events if isinstance(event, Step)]
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    assert len(steps) == 300 and len(evaluated) == 6
    assert steps[-1].loss < 0.7 * steps[0].loss
    lowest = min(evaluated, key=lambda event: event.val_loss)
    best = checkpoint.load(tmp_path / "run" / "best.safetensors")
    assert best.progress.step == lowest.step == events[-1].best_step
    assert events[-1] == Finished("done", 300, events[-1].epoch, events[-1].seconds, lowest.val_loss, lowest.step)


def test_the_hidden_state_is_carried_through_an_epoch_and_then_reset(text, tmp_path):
    settings = SMALL | {"optimizer": "sgd", "learning_rate": 1e-12}
    losses = [event.loss for event in train(text, settings, run=str(tmp_path / "run")) if isinstance(event, Step)]
    trainer = Trainer(setup(text, settings, run=str(tmp_path / "other")).setup)
    epoch = round(trainer.batches.per_epoch)
    assert len(losses) > epoch + 2
    np.testing.assert_allclose(losses[epoch : epoch + 2], losses[:2], rtol=1e-6)
    chunk = trainer.batches.chunk(1)
    logits, _ = trainer.learner.network.forward(chunk.inputs, trainer.learner.network.initial_state())
    assert abs(trainer.kernels.cross_entropy_gradient(logits, chunk.targets.reshape(-1)) - losses[1]) > 1e-6


def test_accumulated_gradients_are_the_mean_of_their_chunks(text, tmp_path):
    settings = SMALL | {"accumulate": 2, "grad_clip": 0}
    learner = Trainer(setup(text, settings, run=str(tmp_path / "run")).setup).learner
    expected = np.zeros_like(learner.params.buffer)
    for number in (0, 1):
        chunk = learner.batches.chunk(number)
        logits, learner.states = learner.network.forward(chunk.inputs, learner.states, number)
        learner.kernels.cross_entropy_gradient(logits, chunk.targets.reshape(-1))
        expected += learner.network.backward(logits).buffer / 2
    np.testing.assert_allclose(learner.gradients(0).buffer, expected, rtol=1e-5, atol=1e-8)


def test_the_batch_grows_in_equal_parts_of_the_run_and_the_state_starts_anew(text, tmp_path):
    trainer = Trainer(setup(text, SMALL | {"batch_ramp": 4, "steps": 9}, run=str(tmp_path / "run")).setup)
    sizes, chars = [], [0]
    for event in trainer.run():
        if isinstance(event, Step):
            sizes.append(trainer.learner.network.batch_size)
            chars.append(trainer.progress.chars)
    assert sizes == [1, 1, 1, 2, 2, 2, 4, 4, 4]
    assert [len(state) for state in trainer.learner.states[0]] == [4, 4]
    lengths = np.diff(chars) / sizes
    assert (lengths >= 9).all() and (lengths <= 10).all()


def test_a_ramp_ends_after_the_epochs_asked_for(text, tmp_path):
    settings = {name: value for name, value in SMALL.items() if name != "steps"} | {"epochs": 6, "batch_ramp": 4}
    trainer = Trainer(setup(text, settings, run=str(tmp_path / "run")).setup)
    finished = list(trainer.run())[-1]
    assert finished.epoch == pytest.approx(6, abs=0.1)
    assert trainer.progress.chars == pytest.approx(6 * (len(trainer.tokens.train) - 1), rel=0.05)


def test_a_ramp_continues_where_it_was_when_time_is_the_budget(text, tmp_path):
    settings = {name: value for name, value in SMALL.items() if name != "steps"}
    run = str(tmp_path / "run")
    train(text, settings | {"minutes": 100.0, "batch_ramp": 2}, run=run, stop_at=5)
    path = tmp_path / "run" / "last.safetensors"
    saved = checkpoint.load(path)
    assert saved.states[0]["h"].shape == (2, 8) and saved.progress.ramp == {}
    saved.progress.seconds = 3500.0  # more than half
    saved.save(path)
    train(None, {}, run=run, resume=True, stop_at=8)
    saved = checkpoint.load(path)
    assert saved.states[0]["h"].shape == (4, 8)
    assert (saved.progress.ramp["stage"], saved.progress.ramp["first"]) == (1, 5)
    train(None, {"minutes": 1000.0}, run=run, resume=True, stop_at=10)  # it never returns to an earlier stage
    assert checkpoint.load(path).states[0]["h"].shape == (4, 8)


@pytest.mark.parametrize(
    ("steps", "evaluations"), [(200, list(range(10, 201, 10))), (50, [9, 17, 25, 34, 42, 50]), (8, [8])]
)
def test_evaluations_are_spread_over_the_run_and_a_short_one_has_fewer(text, tmp_path, steps, evaluations):
    settings = SMALL | {"steps": steps, "eval_every": 0}
    events = train(text, settings, run=str(tmp_path / "run"))
    assert [event.step for event in events if isinstance(event, Evaluated)] == evaluations
    train(text, settings, run=str(tmp_path / "parts"), stop_at=steps // 2)
    train(None, {}, run=str(tmp_path / "parts"), resume=True)
    assert sha256(tmp_path / "parts" / "last.safetensors") == sha256(tmp_path / "run" / "last.safetensors")


@pytest.mark.parametrize("average", ["ema", "polyak"])
def test_the_average_is_what_is_evaluated_and_kept_as_best(text, tmp_path, average):
    settings = SMALL | {"average": average, "average_after": 0.5, "average_decay": 0.9, "schedule": "constant"}
    seen = []
    session = setup(text, settings, run=str(tmp_path / "run"))
    trainer = Trainer(session.setup)
    for event in trainer.run():
        if isinstance(event, Step):
            seen.append(trainer.params.buffer.copy())
    expected = np.mean(seen[20:], axis=0)
    if average == "ema":
        expected = setup(text, settings, run=str(tmp_path / "fresh")).setup.params.buffer
        for step, weights in enumerate(seen):
            decay = min(0.9, (step + 1) / (step + 10))
            expected = decay * expected + (1 - decay) * weights
    np.testing.assert_allclose(trainer.learner.average.params.buffer, expected, rtol=1e-4, atol=1e-6)
    best = checkpoint.load(tmp_path / "run" / "best.safetensors")
    last = checkpoint.load(tmp_path / "run" / "last.safetensors")
    assert best.progress.step == last.progress.step == 40
    np.testing.assert_array_equal(best.weights["head.bias"], last.moments["average"]["head.bias"])
    assert (best.weights["head.bias"] != last.weights["head.bias"]).any()


def test_early_stop(text, tmp_path):
    settings = SMALL | {"learning_rate": 1e-12, "patience": 3, "steps": 1000, "optimizer": "sgd"}
    finished = train(text, settings, run=str(tmp_path / "run"))[-1]
    assert finished.reason == "early stop" and finished.step < 1000


def test_a_time_budget_ends_the_run(text, tmp_path):
    settings = {name: value for name, value in SMALL.items() if name != "steps"} | {"minutes": 0.005}
    finished = train(text, settings, run=str(tmp_path / "run"))[-1]
    assert finished.reason == "done" and finished.seconds >= 0.3


def test_divergence_stops_at_once_and_keeps_the_last_good_checkpoint(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=10)
    good = checkpoint.load(run / "last.safetensors")
    good.weights["head.weight"][:] = 3e38
    good.save(run / "last.safetensors")
    before = sha256(run / "last.safetensors")
    with pytest.raises(DivergedError, match=r"after step 10: .*norm inf; .* lower --learning-rate \(now 0.002\)"):
        train(None, {}, run=str(run), resume=True)
    assert sha256(run / "last.safetensors") == before


def test_a_validation_loss_of_nan_is_a_divergence_too(text, tmp_path, monkeypatch):
    monkeypatch.setattr(Evaluator, "score", lambda self, ids: Score(float("nan"), 1))
    with pytest.raises(DivergedError, match="after step 7: validation loss nan; nothing was saved yet"):
        train(text, SMALL, run=str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("factor", "eval_every", "told"),
    [(1.0, 20, False), (200.0, 20, True), (200.0, 1, False)],  # the loss of one step says nothing
)
def test_a_loss_that_rises_again_is_reported(text, tmp_path, factor, eval_every, told):
    settings = SMALL | {"steps": 100, "eval_every": eval_every}
    trainer = Trainer(setup(text, settings, run=str(tmp_path / "run")).setup)
    notices = []
    for event in trainer.run():
        notices += [event.text] if isinstance(event, Notice) else []
        if isinstance(event, Evaluated) and event.step == 40:
            trainer.schedule.factor = lambda used, epoch: factor
    risen = [text for text in notices if "the training loss rose from" in text and "0.002 may be too high" in text]
    assert bool(risen) == told


def test_equal_runs_are_equal_files(text, tmp_path):
    for name in "ab":
        train(text, SMALL | {"steps": 10}, run=str(tmp_path / name))
    assert sha256(tmp_path / "a" / "last.safetensors") == sha256(tmp_path / "b" / "last.safetensors")


@pytest.mark.parametrize(("stop_at", "ahead"), [(3, False), (7, False), (9, True)])
def test_a_stopped_run_says_whether_it_is_ahead_of_its_best(text, tmp_path, stop_at, ahead):
    finished = train(text, SMALL, run=str(tmp_path / "run"), stop_at=stop_at)[-1]
    assert (finished.best_step, finished.ahead_of_best) == (7 if stop_at >= 7 else None, ahead)


def test_a_stopped_run_that_got_worse_is_not_ahead_of_its_best(text, tmp_path, monkeypatch):
    losses = iter([1.0, 2.0, 3.0])
    monkeypatch.setattr(Evaluator, "score", lambda self, ids: Score(next(losses), 1))
    finished = train(text, SMALL, run=str(tmp_path / "run"), stop_at=16)[-1]
    assert finished.best_step == 7 and not finished.ahead_of_best


def test_the_textbook_text_trains(tmp_path):
    path = tmp_path / "hello.txt"
    path.write_text("hello")
    events = train(
        str(path), {"steps": 60, "hidden_size": 16, "learning_rate": 0.05, "num_layers": 1}, run=str(tmp_path / "run")
    )
    losses = [event.loss for event in events if isinstance(event, Step)]
    assert losses[-1] < 0.2
    assert any(isinstance(event, Saved) for event in events)
