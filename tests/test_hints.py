"""Commands in messages can be pasted."""

import shlex
from pathlib import Path

import pytest

from charrnn.hints import command


def test_plain_words_stay_as_they_are():
    assert command("sample", Path("runs/fox")) == "charrnn sample runs/fox"


@pytest.mark.parametrize("name", ["dir with space/r 1", "it's", "a;b", "$HOME", "*", "-x"])
def test_a_shell_reads_the_words_that_were_meant(name):
    *words, run = shlex.split(command("train", "--run", Path(name)))
    assert words == ["charrnn", "train", "--run"]
    assert Path(run) == Path(name) and not run.startswith("-")
