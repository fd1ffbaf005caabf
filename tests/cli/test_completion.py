"""Completion in a shell, as bash asks for it."""

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from charrnn.cli import cli


def complete(*words):
    """The completions of the last of `words`; a path that the shell completes itself begins with file:."""
    *before, incomplete = words
    items = BashComplete(cli, {}, "charrnn", "_CHARRNN_COMPLETE").get_completions(list(before), incomplete)
    return [item.value if item.type == "plain" else f"{item.type}:{item.value}" for item in items]


@pytest.mark.parametrize("command", ["sample", "eval", "judge", "info", "compare"])
def test_runs(runs, command):
    assert complete(command, "w") == ["words"]
    assert complete(command, "") == ["words", "raw", "runs"]
    assert complete(command, "runs/w") == ["file:runs/w"]


def test_surplus_arguments_complete_to_nothing(runs):
    assert complete("sample", "raw", "w") == []
    assert complete("sample", "raw", "words", "w") == []


def test_options_that_name_a_run(runs):
    assert complete("train", "x.txt", "--init-from", "ra") == ["raw"]
    assert complete("train", "--run", "ra") == ["raw"]


def test_texts():
    assert complete("train", "shake") == ["shakespeare"]
    assert complete("train", "my") == ["file:my"]
    Path("names.txt").touch()
    assert complete("train", "na") == ["names", "names.txt"]
    assert complete("corpora", "fetch", "lin") == ["linux"]


def test_presets_and_sweeps():
    assert "quick" in complete("train", "--preset", "q")
    assert complete("sweep", "ce") == ["cells"]


def test_commands_and_options():
    assert complete("sam") == ["sample"]
    assert "--hidden-size" in complete("train", "--hid")


@pytest.mark.parametrize("words", [["nope", ""], ["generate", ""], ["help", ""]])
def test_a_wrong_command_completes_without_a_traceback(words):
    assert "train" in complete(*words)


def test_help_completes_commands():
    assert complete("help", "tr") == ["train"]


def test_what_cannot_be_listed_completes_to_nothing(monkeypatch):
    def refuse(*arguments):
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", refuse)  # stands for a folder that the user must not read
    assert complete("train", "shake") == ["shakespeare"]
    monkeypatch.setattr(Path, "glob", refuse)
    assert complete("sample", "w") == ["file:w"]
