"""What messages share: commands that can be pasted, and plurals."""

import shlex
from pathlib import Path

import pytest

from charrnn.hints import command, counted


def test_plain_words_stay_as_they_are():
    assert command("sample", Path("runs/fox")) == "charrnn sample runs/fox"


@pytest.mark.parametrize("name", ["dir with space/r 1", "it's", "a;b", "$HOME", "*", "-x"])
def test_a_shell_reads_the_words_that_were_meant(name):
    *words, run = shlex.split(command("train", "--run", Path(name)))
    assert words == ["charrnn", "train", "--run"]
    assert Path(run) == Path(name) and not run.startswith("-")


def test_only_one_is_singular():
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
