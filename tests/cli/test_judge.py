"""charrnn judge, as a user runs it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from tests.conftest import train


def judge(*arguments):
    short = ["--device", "cpu", "--kernel", "numpy", "--length", "100"]
    return CliRunner().invoke(cli, ["judge", *short, *arguments])


@pytest.fixture(autouse=True)
def present(runs):
    """Each of these tests has runs to judge."""


def test_for_people_it_is_a_table_beside_held_out_text():
    result = judge()
    assert result.exit_code == 0, result.stderr
    first, note = result.stderr.splitlines()
    assert first == "runs/words/best.safetensors, temperature 0.8, seed 1"
    assert note.startswith("note: the held-out text fills only ") and note.endswith("so no more were sampled")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["drawn", "held", "out"]
    for row in ("texts", "characters"):
        assert len({*next(line[1:] for line in lines if line[:1] == [row])}) == 1
    assert judge("--count", "1").stderr == f"{first}\n"
    assert "copied passages of 10 characters" in result.stdout
    assert "brackets" not in result.stdout and "lines" not in result.stdout


def test_json_has_both_sides_and_a_seed_repeats_it():
    result = judge("words", "--json", "--seed", "3", "--lines")
    values = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (values["seed"], values["choose"]) == (3, {"temperature": 0.8, "top_k": 0, "top_p": 1.0})
    assert set(values["drawn"]["copied"]) == {"10", "20", "50"}
    assert set(values["held_out"]["distinct"]) == {"1", "2", "3"}
    assert set(values["drawn"]["lines"]) == {"count", "new", "repeated", "copied"}
    assert judge("words", "--json", "--seed", "3", "--lines").stdout == result.stdout
    assert judge("words", "--json", "--seed", "4", "--lines").stdout != result.stdout


def test_a_list_is_known_by_its_split_and_code_by_its_braces():
    Path("code.c").write_text("int f(int a) { return g(a); }\n" * 40)
    train("code.c", "runs/code", steps=20, split="unique-lines", val_fraction=0)
    result = judge("code")
    assert result.exit_code == 0, result.stderr
    assert "brackets with a partner" in result.stdout
    assert "  repeated" in result.stdout
    assert "held out" not in result.stdout
    assert json.loads(judge("code", "--json", "--no-lines").stdout)["held_out"] is None
    assert json.loads(judge("code", "--json", "--no-lines").stdout)["drawn"]["lines"] is None


def test_figures_of_bytes_say_bytes():
    result = judge("raw")
    assert "\nbytes " in result.stdout and "copied passages of 10 bytes" in result.stdout
    assert "characters" not in result.stdout + result.stderr
    assert json.loads(judge("raw", "--json").stdout)["bytes"] is True
    assert json.loads(judge("words", "--json").stdout)["bytes"] is False


def test_errors_are_one_line():
    for arguments, code, message in (
        (["nosuch"], 1, "there is no run 'nosuch'"),
        (["--kernel", "nosuch"], 2, "nosuch"),
    ):
        result = judge(*arguments)
        assert (result.exit_code, result.stdout) == (code, "")
        assert message in result.stderr and result.stderr.count("\n") == 1
    Path("runs/words/tokens.json").unlink()
    assert "the training text beside runs/words/best.safetensors is missing or damaged" in judge().stderr
    assert judge("--count", "0").exit_code == 2


def test_help_ends_in_examples():
    assert "charrnn judge names --count 100" in judge("--help").stdout


def test_records_are_counted(pairs):
    result = judge("pairs", "-n", "4", "--seed", "1", "--temp", "0.3")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    at = [row[:1] for row in rows].index(["records"])
    assert [row[0] for row in rows[at : at + 4]] == ["records", "new", "repeated", "copied"]
    assert not any(row[:1] == ["lines"] for row in rows)
    values = json.loads(judge("pairs", "-n", "4", "--seed", "1", "--temp", "0.3", "--json").stdout)
    assert values["drawn"]["lines"] is None
    assert values["drawn"]["records"]["count"] >= 4
    assert values["drawn"]["records"]["copied"] > 0.5
    assert values["held_out"]["records"]["new"] == 1 - values["held_out"]["records"]["copied"]
    both = json.loads(judge("pairs", "-n", "4", "--seed", "1", "--lines", "--json").stdout)["drawn"]
    assert both["lines"]["count"] > both["records"]["count"]
