"""charrnn info, as a user runs it."""

import json

from click.testing import CliRunner

from charrnn import __version__
from charrnn.cli import cli
from charrnn.kernels import choice
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.runs import checkpoint


def info(*arguments):
    return CliRunner().invoke(cli, ["info", *arguments])


def test_without_a_run_it_shows_the_machine():
    result = info()
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"charrnn {__version__}, Python 3." in result.stdout
    assert "kernels" in result.stdout
    assert "gpu" in result.stdout
    assert json.loads(info("--json").stdout)["run"] is None


def test_the_newest_run_is_shown(runs):
    result = info()
    assert (result.exit_code, result.stderr) == (0, "")
    assert "lstm 1x16: " in result.stdout
    assert r"8 characters: \nabcehnt" in result.stdout
    assert "learning_rate  0.02   command line" in result.stdout
    assert "words.txt, " in result.stdout
    assert "best.safetensors at step 60" in result.stdout
    assert result.stdout.count(" best") >= 1
    assert f"charrnn {__version__}" in result.stdout


def test_a_pipe_is_not_wrapped_and_the_lock_is_not_a_file_of_the_run(runs):
    (runs / "words" / ("x" * 100)).touch()
    lines = info("words").stdout.splitlines()
    (files,) = [line for line in lines if line.startswith("files ")]
    assert "best.safetensors" in files and files.endswith("x 0 B")
    assert len(files) > 120 and "lock" not in files and (runs / "words" / "lock").exists()
    assert not any(line.endswith(" ") for line in lines)
    assert json.loads(info("words", "--json").stdout)["run"]["files"].keys() >= {"tokens.bin", "config.yaml"}


def test_a_run_of_bytes_is_shown(runs):
    assert "256 bytes" in info("raw").stdout


def test_json_has_the_run_and_the_machine(runs):
    values = json.loads(info("runs/words/best.safetensors", "--json").stdout)
    assert values["run"]["config"]["hidden_size"] == 16
    assert values["run"]["origins"]["hidden_size"] == "command line"
    assert [row["step"] for row in values["run"]["history"]] == [20, 40, 60]
    assert values["run"]["files"]["last.safetensors"] > 1000
    assert values["machine"]["devices"][0]["device"] == "cpu"


def test_why_a_run_is_not_faster_is_shown(runs, monkeypatch):
    def refusals(self, cell, **sizes):
        return (f"quick ones: not for {cell} {sizes['hidden_size']}",)

    monkeypatch.setenv("CHARRNN_KERNEL", "numpy")
    monkeypatch.setattr(NumpyKernels, "refusals", refusals)
    assert "passed over: quick ones: not for lstm 16" in info("words").stdout


def test_a_run_of_another_precision_than_this_machine_has_is_shown(runs, monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "CPU_INFO", tmp_path / "nowhere")
    best = runs / "words" / "best.safetensors"
    saved = checkpoint.load(best)
    saved.config["precision"] = "bf16"
    saved.save(best)
    result = info(str(best))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "cpu bf16 needs a processor with AVX512_BF16, which this one lacks" in " ".join(result.stdout.split())


def test_there_is_no_such_run():
    result = info("nosuch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: there is no run 'nosuch', neither as a folder nor in runs/; nor is it a text here, or "
        "one of charrnn corpora list\n"
    )


def test_help_ends_in_examples():
    assert "charrnn info shakespeare" in info("--help").stdout
