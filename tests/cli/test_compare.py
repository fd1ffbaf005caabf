"""charrnn compare, as a user runs it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.runs import checkpoint


def compare(*arguments):
    return CliRunner().invoke(cli, ["compare", *arguments])


@pytest.fixture(autouse=True)
def present(runs):
    """Each of these tests has runs to compare."""


def test_a_table_with_the_best_first_and_what_is_not_comparable():
    result = compare("words", "raw", "--to", "2.9")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0][-1] == "remark"
    assert (rows[1][0], rows[2][0]) == ("lstm", "lstm")
    assert float(rows[1][4]) <= float(rows[2][4])
    assert "to 2.9" in result.stdout
    marked = next(line for line in result.stdout.splitlines() if " raw " in line)
    assert "other text, other bytes" in marked
    assert "not comparable" in result.stdout
    assert "differ in: " in result.stdout and "bytes" in result.stdout.split("differ in: ")[1].splitlines()[0]


def test_one_run_has_nothing_to_remark():
    result = compare("runs/words/")
    assert "remark" not in result.stdout and "words" in result.stdout
    assert compare("runs/words", "runs/words").stdout == result.stdout


def test_a_folder_of_runs_is_all_of_them():
    assert compare("runs").stdout == compare("raw", "words").stdout
    Path("runs").rename("sweep")
    assert compare("sweep/").stdout == compare("sweep", "sweep/words").stdout == compare("sweep/raw", "sweep").stdout


def test_runs_that_force_moved_aside_are_compared_only_by_name():
    shutil.copytree("runs/raw", "runs/raw.old")
    assert "raw.old" not in compare("runs").stdout
    assert "raw.old" in compare("raw.old").stdout


def test_a_damaged_run_is_left_out_and_named(caplog):
    caplog.set_level("INFO")
    Path("runs/raw/last.safetensors").write_bytes(b"nothing")
    result = compare("words", "raw")
    assert result.exit_code == 0 and "words" in result.stdout and "raw" not in result.stdout
    assert "left out: runs/raw/last.safetensors is not a checkpoint" in caplog.text
    assert compare("raw").exit_code == 1


def test_a_run_that_can_continue_is_marked():
    path = Path("runs/words/last.safetensors")
    saved = checkpoint.load(path)
    saved.progress.ended = None
    saved.save(path)
    assert "not finished" in compare("words").stdout


def test_json():
    values = json.loads(compare("words", "raw", "--json", "--to", "9").stdout)
    assert {value["run"] for value in values} == {"runs/words", "runs/raw"}
    assert all(value["seconds_to"] is not None for value in values)
    assert next(value for value in values if value["run"] == "runs/raw")["differs"] == ["text", "bytes"]
    assert {value["reference"] for value in values} == {"runs/words"}
    assert {value["run"]: value["settings"]["bytes"] for value in values} == {"runs/words": False, "runs/raw": True}


def test_errors_are_one_line():
    result = compare("words", "nosuch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no run 'nosuch'" in result.stderr and result.stderr.count("\n") == 1
    Path("runs/raw/last.safetensors").write_bytes(b"xx")
    assert compare("raw").stderr.startswith("Error: runs/raw/last.safetensors ")
    assert compare().exit_code == 2
    assert compare("words", "--to", "low").exit_code == 2


def test_help_ends_in_examples():
    assert "charrnn compare runs/ --to 1.6" in compare("--help").stdout
