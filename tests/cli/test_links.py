"""A run writes only into its own folder, wherever the links in it lead."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.runs.run import _OWN_FILES

CPU = ("--device", "cpu", "--kernel", "numpy")
SMALL = ("--preset", "none", "--hidden-size", "16", "--num-layers", "1", "--seq-len", "16", "--batch-size", "8", *CPU)
COMMANDS = {
    "resume": ("train", "--resume", "--run", "runs/words", "--steps", "70", *CPU),
    "force": ("train", "words.txt", "--force", "--run", "runs/words", "--steps", "10", "--eval-every", "5", *SMALL),
    "train": ("train", "words.txt", "--run", "runs/words", "--steps", "10", *SMALL),
    "standard input": ("train", "-", "--force", "--run", "runs/words", "--steps", "10", *SMALL),
    "sample": ("sample", "words", "--length", "5", *CPU),
}
TEMPORARY = [f".{name}.{os.getpid()}" for name in _OWN_FILES]


def to_a_file(path, outside):
    content = path.read_bytes() if path.is_file() else b"precious"
    path.unlink(missing_ok=True)
    (outside / "target").write_bytes(content)
    path.symlink_to(outside / "target")


def to_nothing(path, outside):
    path.unlink(missing_ok=True)
    path.symlink_to(outside / "missing")


def to_a_folder(path, outside):
    path.unlink(missing_ok=True)
    (outside / "folder").mkdir()
    path.symlink_to(outside / "folder")


def hard(path, outside):
    to_a_file(path, outside)
    path.unlink()
    os.link(outside / "target", path)


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.fixture
def outside(runs, trained, tmp_path):
    """A folder beside that of the runs."""
    shutil.copy(trained / "words.txt", tmp_path)
    (tmp_path / "outside").mkdir()
    return tmp_path / "outside"


@pytest.mark.parametrize("kind", [to_a_file, to_nothing, to_a_folder, hard], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", [*_OWN_FILES, *TEMPORARY])
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_nothing_outside_is_touched(outside, arguments, name, kind):
    path = Path("runs/words") / name
    kind(path, outside)
    before = contents(outside)
    result = CliRunner().invoke(cli, arguments, input="a text from a pipe, " * 50)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert contents(outside) == before
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert len(errors) == (result.exit_code != 0)


def test_the_run_folder_may_be_a_link(runs, trained, tmp_path):
    shutil.copy(trained / "words.txt", tmp_path)
    shutil.move("runs/words", "elsewhere")
    Path("runs/words").symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path / "elsewhere")
    assert CliRunner().invoke(cli, COMMANDS["resume"]).exit_code == 0
    assert contents(tmp_path / "elsewhere") != before
    before = contents(tmp_path / "elsewhere")
    result = CliRunner().invoke(cli, COMMANDS["force"])
    assert result.exit_code == 0, result.stderr
    assert contents(tmp_path / "elsewhere") == before  # only the link moved
    assert Path("runs/words.old").is_symlink() and not Path("runs/words").is_symlink()


def test_a_lock_and_metrics_that_are_links_are_refused_by_name(outside):
    for name in ("lock", "metrics.jsonl"):
        Path("runs/words", name).unlink(missing_ok=True)
        Path("runs/words", name).symlink_to(outside / "x")
    result = CliRunner().invoke(cli, COMMANDS["resume"])
    assert result.exit_code == 1 and "lock is a link, or not a file" in result.stderr
