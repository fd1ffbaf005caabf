"""Finding runs by name."""

from pathlib import Path

import pytest

from charrnn.errors import CharrnnError
from charrnn.evaluation.compare import find_runs
from charrnn.runs.find import find_run, is_text, list_runs, load_model
from tests.support.training import SMALL, train


def test_the_newest_run_is_found(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CharrnnError, match="there is no run in runs/ yet"):
        find_run(None)
    for name in ("first", "second"):
        train(text, SMALL | {"steps": 1}, run=f"runs/{name}")
    assert find_run(None).folder.name == "second"
    assert find_run("first").folder.name == "first"
    with pytest.raises(CharrnnError, match=r"no run 'third'.*there are second, first"):
        find_run("third")


def test_a_link_to_nothing_hides_no_other_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("broken", "whole"):
        Path(f"runs/{name}").mkdir(parents=True)
    Path("runs/broken/last.safetensors").symlink_to("/nonexistent")
    Path("runs/whole/last.safetensors").touch()
    assert [run.folder.name for run in list_runs()] == ["whole"]


def test_a_list_of_runs_that_is_cut_off_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(5):
        Path(f"runs/r{number}").mkdir(parents=True)
        Path(f"runs/r{number}/last.safetensors").touch()
    with pytest.raises(CharrnnError, match=r"r\d, r\d, r\d, r\d, r\d$"):
        find_run("third")
    Path("runs/r5").mkdir()
    Path("runs/r5/last.safetensors").touch()
    with pytest.raises(CharrnnError, match=r"r\d, r\d, r\d, r\d, r\d, \.\.\.$"):
        find_run("third")


def test_only_runs_that_force_moved_aside_are_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("poems.older", "corpus.old", "text", "text.old", "text.old2"):
        Path(f"runs/{name}").mkdir(parents=True)
        Path(f"runs/{name}/last.safetensors").touch()
    assert {run.folder.name for run in list_runs()} == {"poems.older", "corpus.old", "text"}
    assert {run.folder.name for run in find_runs("runs")} == {"poems.older", "corpus.old", "text"}


@pytest.mark.parametrize("name", ["s", "runs/s"])
def test_a_sweep_in_place_of_a_run_leads_to_compare(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for trial in "ab":
        Path(f"runs/s/{trial}").mkdir(parents=True)
        Path(f"runs/s/{trial}/last.safetensors").touch()
    lists = f"^runs/s is a folder of 2 runs, such as a sweep's, not a run; charrnn compare {name} lists them$"
    with pytest.raises(CharrnnError, match=lists):
        find_run(name)
    assert find_run("s/a").folder == Path("runs/s/a")


def test_a_text_in_place_of_a_run_leads_to_its_run(text, tmp_path):
    with pytest.raises(
        CharrnnError, match=r"fox.txt is a text, not a run; train on it first: charrnn train .*fox.txt$"
    ):
        load_model(text)
    train(text, SMALL | {"steps": 1}, run="runs/fox")
    with pytest.raises(CharrnnError, match=r"is a text, not a run; its run is runs/fox: charrnn sample runs/fox$"):
        load_model(text)
    renamed = Path("runs/fox/last.safetensors").rename("model.bin")
    assert load_model(str(renamed))[1] == renamed


@pytest.mark.parametrize("content", ["@article{zeta1998,\n  author = {A, B}\n}\n", "function{}\n", "{\n", ""])
def test_a_text_with_a_brace_is_not_taken_for_a_checkpoint(tmp_path, content):
    (tmp_path / "refs.bib").write_text(content)
    assert is_text(tmp_path / "refs.bib")
