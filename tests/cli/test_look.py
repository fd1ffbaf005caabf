"""What charrnn takes a text for: charrnn info TEXT and charrnn train --dry-run, as a user runs them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from tests.text.lists import first_names, text
from tests.text.sequences import melody


def invoke(*arguments, **options):
    return CliRunner().invoke(cli, list(map(str, arguments)), **options)


@pytest.fixture
def texts():
    Path("names.txt").write_text(text(first_names()))
    Path("melody.txt").write_text(text(melody()))


def test_info_tells_what_a_text_is_taken_for(texts):
    result = invoke("info", "names.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = dict(line.split("  ", 1) for line in result.stdout.splitlines() if line[0] != " ")
    assert lines["taken for"].strip().startswith("list: 1,500 short lines, all of them different, in no order")
    assert lines["order"].strip() == "lines are shuffled, their order is lost"
    assert lines["split"].strip().startswith("unique-lines (preset lines): ")
    assert lines["notes"].strip().startswith("taken for a list: 1,500 short lines")
    assert not Path("runs").exists()


def test_a_dry_run_tells_the_same(texts):
    assert invoke("train", "melody.txt", "--dry-run").stdout == invoke("info", "melody.txt").stdout
    facts = json.loads(invoke("train", "melody.txt", "--dry-run", "--json").stdout)["text"]
    assert facts == json.loads(invoke("info", "melody.txt", "--json").stdout)["text"]
    assert (facts["taken_for"], facts["order"], facts["preset"]) == ("text", "kept", "quick")


def test_a_dry_run_takes_the_options_of_training(texts):
    result = invoke("train", "melody.txt", "--dry-run", "--as", "list", "--hidden-size", 7, "--run", "x", "--json")
    facts = json.loads(result.stdout)["text"]
    assert (facts["taken_for"], facts["model"], facts["run"]) == ("list", "lstm 1x7", "x")
    assert not Path("x").exists()


def test_a_dry_run_reads_standard_input(texts):
    result = invoke("train", "-", "--dry-run", input=text(first_names()))
    assert "taken for  list: 1,500 short lines" in result.stdout


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--separator", ""], 2, "--separator is empty; leave it out"),
        (
            ["--as", "text", "--split", "lines"],
            2,
            "--as text keeps the order of lines, and --split lines shuffles them",
        ),
        (["--as", "list", "--split", "contiguous"], 2, "--as list shuffles lines, and --split contiguous keeps"),
        (["--dry-run", "--resume"], 2, "--dry-run shows what a new run would be"),
        (["--resume", "--as", "list"], 2, "--as list is decided when a run begins"),
        (["--as", "lists"], 2, "'lists' is not one of 'text', 'list', 'records'"),
    ],
)
def test_contradictions_are_one_clear_line(texts, options, status, message):
    result = invoke("train", "names.txt", *options)
    assert result.exit_code == status and message in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("width", [80, 200])
def test_lines_are_folded(texts, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = invoke("info", "names.txt").stdout.splitlines()
    assert max(map(len, lines)) <= width
    assert all(line[:11].strip() in ("", "text", "content", "taken for", "order", "split", "model", "training", "notes")
               for line in lines)  # fmt: skip


def test_training_begins_with_what_a_text_is_taken_for(texts):
    result = invoke("train", "names.txt", "--as", "text", "--steps", 1, "--hidden-size", 4)
    assert result.exit_code == 0 and "shuffled" not in result.stderr
    assert 'split: "unique-lines"' not in Path("runs/names/config.yaml").read_text()
