"""What a run would be is told without training."""

from pathlib import Path

import pytest

from charrnn.errors import CheckpointError, CorpusError, OptionError
from charrnn.session import TrainRequest, look, names_text, prepare
from tests.support.training import SMALL, train
from tests.text.lists import first_names
from tests.text.lists import text as joined


def looked(corpus, settings=None, **request):
    return look(TrainRequest((corpus,), settings or {}, **request))


def test_a_look_tells_what_training_decides(tmp_path):
    Path("names.txt").write_text(joined(first_names()))
    facts = looked("names.txt", {"test_fraction": 0.1})
    session = prepare(TrainRequest(("names.txt",), {"test_fraction": 0.1}))
    tokens = session.setup.tokens
    assert (facts.train, facts.val, facts.test) == tuple(map(len, tokens.parts))
    assert facts.notices == tuple(notice.text for notice in session.notices)
    assert (facts.model, facts.parameters) == (session.started.model, session.started.parameters)
    assert (facts.budget, facts.preset, facts.split) == ("1 minute", "lines", "unique-lines")
    assert (facts.lines, facts.taken_for, facts.order) == (1500, "list", "lines are shuffled, their order is lost")
    assert (facts.files, facts.size, facts.encoding) == (1, tokens.size, ("utf-8",))
    assert facts.different == tokens.vocabulary.size
    assert facts.run == str(Path("runs/names")) and facts.split_given_by == "preset lines"


def test_nothing_is_written(text, tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    before = sorted(tmp_path.rglob("*"))
    looked(text)
    with pytest.raises(CorpusError):
        looked(text, {"encoding": "utf-16"})
    assert sorted(tmp_path.rglob("*")) == before


def test_an_existing_run_is_left_alone(text):
    train(text, SMALL | {"steps": 2}, run="runs/fox")
    before = Path("runs/fox/last.safetensors").read_bytes()
    facts = looked(text)
    assert looked(text, force=True) == facts and facts.run == str(Path("runs/fox"))
    assert Path("runs/fox/last.safetensors").read_bytes() == before
    assert [path.name for path in Path("runs").iterdir()] == ["fox"]


def test_a_run_that_resumes_is_not_looked_at(text):
    with pytest.raises(OptionError, match="--dry-run shows what a new run would be"):
        looked(text, resume=True)


@pytest.mark.parametrize(("content", "lines"), [("ab\ncd\n", 2), ("ab\ncd", 2), ("abcd", 1), ("\n\n", 2)])
def test_lines_are_counted(content, lines):
    Path("text.txt").write_text(content)
    assert looked("text.txt", {"val_fraction": 0.0}).lines == lines


def test_encodings_are_told(tmp_path):
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "a.txt").write_bytes("some words\n".encode("utf-16"))
    (tmp_path / "two" / "b.txt").write_bytes(b"some words\n")
    assert looked("two").encoding == ("UTF-16", "utf-8")
    assert looked("two", {"encoding": "latin-1", "glob": "b*"}).encoding == ("latin-1",)
    assert looked("two", {"bytes": True}).encoding == ()


def test_names_of_runs_come_before_those_of_texts(text, tmp_path):
    assert names_text("names") and names_text(text)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("words")
    assert names_text("folder")
    train(text, SMALL | {"steps": 1}, run="runs/names")
    assert not names_text("names")
    assert not names_text("runs/names/last.safetensors")
    with pytest.raises(CheckpointError, match=r"there is no run 'nosuch'.*nor is it a text here"):
        names_text("nosuch")
    with pytest.raises(CorpusError, match="the text linux is not here yet; fetch it: charrnn corpora fetch linux"):
        names_text("linux")
    with pytest.raises(CheckpointError, match="runs is a folder of 1 run"):
        names_text("runs")
