"""Commands in messages can be pasted."""

import shlex
from pathlib import Path

import pytest

from charrnn.commands import command


def test_plain_words_stay_as_they_are():
    assert command("sample", Path("runs/fox")) == "charrnn sample runs/fox"


@pytest.mark.parametrize("name", ["dir with space/r 1", "it's", "a;b", "$HOME", "*", "-x"])
def test_a_shell_reads_the_words_that_were_meant(name):
    assert shlex.split(command("train", "--run", Path(name))) == ["charrnn", "train", "--run", name]
