"""Lines of metrics.jsonl that cannot be read: skipped, said, and never erased."""

import json
import logging

import pytest

from charrnn.cli import main
from charrnn.runs import metrics
from charrnn.runs.metrics import forget_after, read_rows
from charrnn.runs.run import Run

GOOD = [
    {"step": step, "epoch": 1.0, "chars": 9, "seconds": 0.5, "train_loss": 3.0, "val_loss": loss}
    for step, loss in ((4, 3.5), (8, None), (12, 2.5))
]
BAD = {
    "text": b"x",
    "not utf-8": b"\xff",
    "number": b"5",
    "list": b"[]",
    "object": b"{}",
    "null": b"null",
    "deep": b"[" * 100_000,
    "digits": b"9" * 5000,
    "zeros": bytes(80),
    "cut": b'{"step": 4, "epo',
    "no loss": json.dumps({name: value for name, value in GOOD[0].items() if name != "val_loss"}).encode(),
    "a step in words": json.dumps(GOOD[0] | {"step": "4"}).encode(),
    "a step in half": json.dumps(GOOD[0] | {"step": 4.5}).encode(),
    "a huge time": json.dumps(GOOD[0] | {"seconds": 10**400}).encode(),
    "an infinite loss": json.dumps(GOOD[0] | {"train_loss": float("inf")}).encode(),
    "no number": json.dumps(GOOD[0] | {"val_loss": float("nan")}).encode(),
    "a list as a loss": json.dumps(GOOD[0] | {"val_loss": [1]}).encode(),
}


def content(bad, place):
    lines = [json.dumps(row).encode() for row in GOOD]
    lines.insert(place, bad)
    return b"\n".join(lines) + b"\n"


@pytest.mark.parametrize("place", [0, 2, 3])
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_line_is_skipped_and_stays(tmp_path, caplog, kind, place):
    caplog.set_level(logging.INFO)
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(content(BAD[kind], place))
    assert read_rows(path) == read_rows(path) == GOOD
    assert caplog.messages == [f"{path}: skipped line {place + 1}, which cannot be read"]
    forget_after(path, 12, 3)
    assert path.read_bytes() == content(BAD[kind], place)
    forget_after(path, 8, 2)
    assert read_rows(path) == GOOD[:2] and BAD[kind] in path.read_bytes().split(b"\n")


@pytest.mark.parametrize(
    ("end", "stays"),
    [
        (b'{"st', False),
        (b'{"step": 1', False),
        (b'{"step": 16, "epoch"', False),
        (b'{"step": 4, "epoch"', True),
        (b"notes of my own", True),
        (json.dumps(GOOD[2]).encode(), True),
        (json.dumps(GOOD[2] | {"step": 16}).encode(), False),
    ],
)
def test_a_line_that_a_crash_cut_off_goes_if_it_would_be_written_again(tmp_path, end, stays):
    path = tmp_path / "metrics.jsonl"
    whole = b"".join(json.dumps(row).encode() + b"\n" for row in GOOD)
    path.write_bytes(whole + end)
    forget_after(path, 12, 3)
    assert path.read_bytes() == whole + (end + b"\n" if stays else b"")


@pytest.mark.parametrize(("evaluations", "stays"), [(3, False), (4, True)])
def test_zeros_in_place_of_a_line_that_was_being_written_go(tmp_path, evaluations, stays):
    path = tmp_path / "metrics.jsonl"
    whole = b"".join(json.dumps(row).encode() + b"\n" for row in GOOD)
    path.write_bytes(whole + bytes(80))
    forget_after(path, 16, evaluations)
    assert path.read_bytes() == whole + (bytes(80) + b"\n" if stays else b"")


def test_many_bad_lines_are_one_short_message(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    (tmp_path / "metrics.jsonl").write_bytes(b"x\n" * 900)
    assert read_rows(tmp_path / "metrics.jsonl") == []
    assert caplog.messages[0].endswith("skipped lines 1, 2, 3, 4, 5 and 895 more, which cannot be read")


def call(monkeypatch, *arguments):
    """The exit code of a command."""
    monkeypatch.setattr("sys.argv", ["charrnn", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


@pytest.mark.parametrize("kind", ["not utf-8", "number", "object", "zeros", "a huge time", "no number"])
def test_no_command_minds(runs, monkeypatch, caplog, kind):
    caplog.set_level(logging.INFO)
    metrics._note_skipped.cache_clear()
    run = Run(runs / "words")
    rows, whole = run.read_metrics(), run.metrics.read_bytes()
    run.metrics.write_bytes(BAD[kind] + b"\n" + whole)
    for command in (["info", "words"], ["compare", "runs"], ["info", "words", "--json"], ["eval", "words"]):
        assert call(monkeypatch, *command) in (0, None), command
    assert call(monkeypatch, "train", "--resume", "--run", "runs/words", "--steps", "70") in (0, None)
    assert "metrics.jsonl: skipped line 1, which cannot be read" in caplog.text
    assert run.metrics.read_bytes().startswith(BAD[kind] + b"\n" + whole)
    assert len(run.read_metrics()) > len(rows)
