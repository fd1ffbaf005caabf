"""Resuming a run: what must be the same, and what may change."""

import pytest

from charrnn.errors import ConfigError, CorpusError, Unsupported
from charrnn.kernels import choice as kernels
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from tests.support.training import SMALL, TEXT, setup, told, train


def test_resuming_from_an_older_checkpoint_rewrites_the_metrics(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=10)
    kept = (run / "last.safetensors").read_bytes()
    train(None, {}, run=str(run), resume=True)
    expected = (run / "last.safetensors").read_bytes()
    (run / "last.safetensors").write_bytes(kept)  # as after a crash
    train(None, {}, run=str(run), resume=True)
    assert (run / "last.safetensors").read_bytes() == expected
    assert [values["step"] for values in Run(run).read_metrics()] == [7, 14, 21, 28, 35, 40]


def test_the_text_is_read_again_when_its_cache_is_gone_and_must_be_the_same(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=10)
    for name in ("tokens.bin", "tokens.json"):
        (run / name).unlink()
    train(None, {}, run=str(run), resume=True, stop_at=12)
    (run / "tokens.bin").unlink()
    (tmp_path / "fox.txt").write_text(TEXT.replace("fox", "cat"))
    with pytest.raises(CorpusError, match="is not the text that this run learned from"):
        train(None, {}, run=str(run), resume=True)


def test_another_text_cannot_be_put_under_a_run(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=3)
    other = tmp_path / "other.txt"
    other.write_text("another text\n" * 20)
    with pytest.raises(CorpusError, match=r"other.txt is not the text that this run learned from"):
        train(str(other), {}, run=str(run), resume=True)
    assert train(str(run), {}, resume=True)[-1].step == 40  # as in: charrnn train --resume NAME


def test_a_text_that_has_changed_is_refused_if_it_is_named_and_else_reported(text, tmp_path):
    run = str(tmp_path / "run")
    train(text, SMALL, run=run, stop_at=3)
    assert setup(None, {}, run=run, resume=True).notices == []
    (tmp_path / "fox.txt").write_text("another text\n" * 20)
    with pytest.raises(CorpusError, match=r"fox.txt is not the text that this run learned from"):
        setup(text, {}, run=run, resume=True)
    (notice,) = setup(None, {}, run=run, resume=True).notices
    assert notice.text.endswith("fox.txt has changed; this run continues with the text that it began with")


def test_a_text_that_has_moved_can_be_named(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=3)
    (run / "tokens.bin").unlink()
    moved = (tmp_path / "fox.txt").rename(tmp_path / "moved.txt")
    with pytest.raises(CorpusError, match=r"has moved, name it: charrnn train CORPUS --resume --run .*run$"):
        setup(None, {}, run=str(run), resume=True)
    setup(str(moved), {}, run=str(run), resume=True)


def test_a_resumed_run_keeps_its_frozen_settings_and_may_train_longer(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL | {"steps": 3}, run=str(run))
    with pytest.raises(ConfigError, match="hidden_size is 8 in this run and cannot change"):
        train(None, {"hidden_size": 9}, run=str(run), resume=True)
    done = setup(None, {}, run=str(run), resume=True)
    assert "the budget of 3 steps is used up at step 3" in done.notices[0].text
    del done
    events = train(None, {"steps": 5}, run=str(run), resume=True)
    assert events[-1].step == 5


def test_a_run_that_stopped_early_says_so(text, tmp_path):
    run = str(tmp_path / "run")
    assert train(text, SMALL | {"steps": 400, "patience": 1, "learning_rate": 5.0}, run=run)[-1].reason == "early stop"
    (notice,) = setup(None, {}, run=run, resume=True).notices
    assert notice.text.endswith("run had stopped early, and will stop again unless --patience is larger, or 0")


@pytest.mark.parametrize("budget", [{"steps": 10}, {"epochs": 0.1}, {"minutes": 1e-9}], ids=str)
def test_a_budget_that_is_used_up_is_refused_and_changes_nothing(text, tmp_path, monkeypatch, budget):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=10)
    monkeypatch.setattr(Run, "seconds", lambda self, progress: 0.5)  # a time that would be rounded to none
    before = {path: path.read_bytes() for path in run.iterdir()}
    with pytest.raises(
        ConfigError, match=r"the budget of .* is used up already: .*run (is at step 10|trained for .* minutes); give"
    ):
        setup(None, budget, run=str(run), resume=True)
    assert {path: path.read_bytes() for path in run.iterdir()} == before
    assert setup(None, {"steps": 40}, run=str(run), resume=True).notices == []


def test_a_budget_that_was_replaced_is_given_by_nothing(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run), stop_at=10)
    train(None, {"epochs": 100}, run=str(run), resume=True, stop_at=12)
    given_by = checkpoint.load(run / "last.safetensors").given_by
    assert given_by["epochs"] == "command line" and "steps" not in given_by


def test_a_run_of_one_precision_continues_in_another(text, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "CPU_INFO", tmp_path / "nowhere")
    run = tmp_path / "run"
    train(text, SMALL | {"steps": 3, "precision": "tf32"}, run=str(run))
    with pytest.raises(Unsupported, match="bf16 needs a processor with AVX512_BF16, which this one lacks"):
        train(None, {"steps": 5, "precision": "bf16"}, run=str(run), resume=True)
    saved = checkpoint.load(run / "last.safetensors")
    saved.config["precision"] = "bf16"  # as after training elsewhere
    saved.save(run / "last.safetensors")
    with pytest.raises(Unsupported, match=r"bf16 .* use --precision float32"):
        train(None, {"steps": 5}, run=str(run), resume=True)
    assert train(None, {"steps": 5, "precision": "float32"}, run=str(run), resume=True)[-1].step == 5
    assert checkpoint.load(run / "last.safetensors").config["precision"] == "float32"


def test_a_run_of_a_preset_that_had_another_name_resumes(text, tmp_path):
    run = Run(tmp_path / "run")
    train(text, SMALL, run=str(run.folder), stop_at=10)
    saved = checkpoint.load(run.last)
    saved.preset, saved.given_by = "names", saved.given_by | {"hidden_size": "preset names"}
    saved.save(run.last)
    assert setup(None, {}, run=str(run.folder), resume=True).started.preset == "names"
    train(None, {}, run=str(run.folder), resume=True)
    assert checkpoint.load(run.last).progress.ended == "done"


def test_changed_settings_are_said(text, tmp_path):
    run = str(tmp_path / "run")
    train(text, SMALL, run=run, stop_at=5)
    assert told(setup(None, {"learning_rate": 0.5, "seed": 1}, run=run, resume=True)) == [
        "learning_rate changes from 0.002 to 0.5"
    ]
