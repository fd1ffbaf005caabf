"""Runs side by side."""

from pathlib import Path

import pytest

from charrnn.evaluation.compare import compare
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from tests.conftest import TINY, WORDS, train
from tests.support import training as support
from tests.support.training import SMALL


@pytest.fixture
def text():
    path = Path("words.txt")
    path.write_text("".join(f"{first}\n{second}\n" for first in WORDS for second in WORDS), encoding="utf-8")
    return path


def test_what_a_run_is_and_reached(runs):
    run = Run(Path("runs/words"))
    (found,) = compare([run])
    rows = run.read_metrics()
    best = min(rows, key=lambda row: row["val_loss"])
    assert (found.cell, found.num_layers, found.hidden_size, found.seed) == ("lstm", 1, 16, 3)
    assert found.parameters == 4 * 16 * (8 + 16 + 2) + 8 * 16 + 8
    assert (found.steps, found.best_step, found.epochs) == (60, best["step"], rows[-1]["epoch"])
    assert found.val_loss == best["val_loss"]
    assert found.bits_per_char == best["val_bits_per_char"]
    assert found.seconds == rows[-1]["seconds"]
    assert found.chars_per_second == pytest.approx(rows[-1]["chars"] / rows[-1]["seconds"])
    assert (found.ended, found.differs, found.seconds_to) == ("done", (), None)


def test_metrics_count_the_characters_learned(runs):
    chars = [row["chars"] for row in Run(Path("runs/words")).read_metrics()]
    epochs = [row["epoch"] for row in Run(Path("runs/words")).read_metrics()]
    train_chars = checkpoint.load(Path("runs/words/last.safetensors")).corpus.train_chars
    assert chars == [pytest.approx(epoch * (train_chars - 1), rel=0.02) for epoch in epochs]


def test_the_time_to_a_loss_is_that_of_the_first_evaluation_that_found_it(runs):
    rows = Run(Path("runs/words")).read_metrics()
    runs = [Run(Path("runs/words"))]
    assert compare(runs, to=rows[1]["val_loss"])[0].seconds_to == rows[1]["seconds"]
    assert compare(runs, to=0.0)[0].seconds_to is None


def test_the_lowest_loss_is_first_and_none_is_last(text):
    train(text, "a", steps=2)
    train(text, "b", steps=40)
    train(text, "c", steps=2, val_fraction=0)
    assert [each.run.name for each in compare([Run(Path(name)) for name in "cab"])] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("settings", "differs"),
    [
        ({"seed": 4, "hidden_size": 8}, ()),
        ({"val_fraction": 0.2}, ("val_fraction",)),
        ({"split": "unique-lines"}, ("split",)),
        ({"vocab_min": 2}, ("vocab_min",)),
        ({"eval_chars": 20}, ("eval_chars",)),
        ({"eval_chars": 2000}, ()),  # more than are held out
    ],
)
def test_losses_of_other_characters_are_marked(text, settings, differs):
    train(text, "first", steps=2)
    train(text, "second", **{"steps": 2} | settings)
    found = {each.run.name: each.differs for each in compare([Run(Path("first")), Run(Path("second"))])}
    assert found == {"first": (), "second": differs}


def test_settings_that_differ_are_listed(text):
    train(text, "first", steps=2)
    train(text, "second", steps=2, learning_rate=0.5, cell="gru")
    found = {each.run.name: each.settings for each in compare([Run(Path("first")), Run(Path("second"))])}
    assert found["second"] == {"cell": "gru", "learning_rate": 0.5}
    assert found["first"] == {"cell": "lstm", "learning_rate": TINY["learning_rate"]}
    assert compare([Run(Path("first"))])[0].settings == {}


def test_another_text_is_marked_and_so_are_other_lines(text):
    train(text, "first", steps=2, split="unique-lines")
    train(text, "seed", steps=2, split="unique-lines", **{"seed": TINY["seed"] + 1})
    text.write_text(text.read_text() + "new\n")
    train(text, "text", steps=2, split="unique-lines")
    found = {each.run.name: each.differs for each in compare([Run(Path(name)) for name in ("first", "seed", "text")])}
    assert found == {"first": (), "seed": ("seed",), "text": ("text",)}


def test_a_run_without_an_evaluation_has_the_steps_and_epochs_of_its_checkpoint(text):
    support.train(str(text), SMALL | {"eval_every": 40}, run="run", stop_at=10)
    (found,) = compare([Run(Path("run"))])
    saved = checkpoint.load(Path("run/last.safetensors"))
    assert (found.steps, found.val_loss, found.ended) == (10, None, None)
    assert found.epochs == saved.progress.chars / saved.corpus.train_chars > 0


def test_a_run_that_stopped_early_has_ended(text):
    train(text, "run", steps=100, eval_every=1, patience=1, learning_rate=1.0)
    assert compare([Run(Path("run"))])[0].ended == "early stop"
