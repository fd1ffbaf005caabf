"""What all commands have in common."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn import __version__
from charrnn.cli import cli, synonyms


def test_a_wrong_name_gets_a_guess():
    result = CliRunner().invoke(cli, ["trian", "x.txt"])
    assert result.exit_code == 2
    assert "there is no command 'trian'; did you mean train?" in result.stderr
    result = CliRunner().invoke(cli, ["zzz"])
    assert result.exit_code == 2
    assert result.stderr.endswith("there is no command 'zzz'\n")
    assert "No such option '--vresion'" in CliRunner().invoke(cli, ["--vresion"]).stderr


def invoke(*arguments):
    return CliRunner().invoke(cli, [*map(str, arguments)])


@pytest.mark.parametrize(("word", "meant"), synonyms.COMMANDS.items())
def test_a_synonym_of_a_command_is_asked_about(word, meant):
    result = invoke(word, "x")
    assert result.exit_code == 2
    assert f"there is no command {word!r}; did you mean {meant}?" in result.stderr


def test_help_is_a_word_as_well():
    assert invoke("help").stdout == invoke("--help").stdout != ""
    assert invoke("help", "compare").stdout == invoke("compare", "--help").stdout != ""
    assert invoke("help", "corpora", "list").stdout == invoke("corpora", "list", "--help").stdout != ""
    assert "there is no command 'nosuch'" in invoke("help", "nosuch").stderr


def test_the_version_has_a_short_option():
    assert invoke("-V").stdout == invoke("--version").stdout == f"charrnn, version {__version__}\n"


def test_short_names_of_options_are_taken(text):
    arguments = [text, "--layers", 1, "--hidden", 8, "--batch", 4, "--lr", 0.01, "--steps", 1, "--device", "cpu"]
    result = invoke("train", *arguments, "--run", "r", "--kernel", "numpy")
    assert result.exit_code == 0, result.stderr
    settings = Path("r/config.yaml").read_text()
    for line in ("num_layers: 1", "hidden_size: 8", "batch_size: 4", "learning_rate: 0.01"):
        assert f"{line}  # command line" in settings
    assert "--hidden-size" in invoke("train", "--hidden", "x").stderr
    one, other = (invoke("sample", "r", name, 0.5, "--seed", 1, "--kernel", "numpy") for name in TEMPERATURE)
    assert one.stdout == other.stdout != "" and one.exit_code == 0


TEMPERATURE = ("--temp", "--temperature")


def test_short_names_are_not_values_of_options(runs):
    assert invoke("sample", "words", "--prime", "--lr", "--kernel", "numpy").stderr.count("character '-'") == 1


def test_gpu_is_a_device(runs, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    for arguments in ("sample", "words"), ("eval", "words"), ("judge", "words"), ("train", "x"), ("bench",):
        assert "no GPU: CuPy is not installed" in invoke(*arguments, "--gpu").stderr
    assert invoke("sample", "words", "--gpu", "--device", "cpu", "--kernel", "numpy").exit_code == 0


def test_an_option_with_another_meaning_is_named():
    result = invoke("train", "x", "--time", 1)
    assert result.exit_code == 2
    assert result.stderr.endswith("Error: No such option '--time'. Did you mean '--minutes'?\n")
    assert "--minutes" not in invoke("sample", "--time", 1).stderr


def test_an_option_that_is_an_argument_says_so():
    for command in "sample", "judge", "eval", "info":
        for option in "--run", "--model", "--checkpoint":
            result = invoke(command, option, "x")
            assert result.exit_code == 2
            message = f"No such option '{option}'. Name the run as an argument: cli {command} RUN\n"
            assert result.stderr.endswith(message)
    assert "as an argument" not in invoke("train", "x", "--model", "x").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sample", "--length", "1e6"), "'1e6' is not a whole number; write 1000000."),
        (("sweep", "cells", "--jobs", "2.5"), "'2.5' is not a whole number."),
        (("judge", "--temp", "warm"), "'warm' is not a number."),
        (("sample", "--length", "0"), "0 is not in the range x>=1."),
    ],
)
def test_a_wrong_number_is_called_by_the_name_that_people_know(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.endswith(f": {message}\n")


@pytest.mark.parametrize(
    ("command", "arguments", "takes"),
    [
        ("sample", ["words", "raw"], "[RUN]"),
        ("judge", ["words", "raw"], "[RUN]"),
        ("info", ["words", "raw"], "[RUN]"),
    ],
)
def test_surplus_arguments_are_named(command, arguments, takes):
    result = invoke(command, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Error: {arguments[-1]!r} is one argument too many for cli {command} {takes};" in result.stderr


@pytest.mark.parametrize("command", ["train", "sample", "eval", "judge", "sweep", "bench"])
def test_commands_that_compute_can_be_given_threads(command, runs):
    assert "--threads N" in invoke(command, "--help").stdout
    assert "the numpy kernels have no threads" in invoke("judge", "words", "--kernel", "numpy", "--threads", 2).stderr
