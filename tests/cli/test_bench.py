import importlib.util
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.bench import machine
from charrnn.cli import cli
from charrnn.errors import BackendError
from charrnn.presets import load_preset

TINY = (
    "--device",
    "cpu",
    "--kernel",
    "numpy",
    "--hidden-size",
    "3",
    "--seq-len",
    "4",
    "--batch-size",
    "2",
    "--steps",
    "2",
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(machine, "_SECONDS", 0.0)
    monkeypatch.setattr(machine, "_GEMM", {"cpu": 8})
    monkeypatch.setattr(machine, "_COPY_BYTES", {"cpu": 1 << 10})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["bench", *arguments])


def test_help_ends_in_examples():
    result = run("--help")
    assert result.exit_code == 0
    assert "charrnn bench --cell gru --hidden-size 256 --vs torch" in result.stdout
    assert "--vs [torch|reference|numpy" in result.stdout


def test_tables_fit_eighty_columns():
    result = run(*TINY, "--vs", "reference", "--pairs", "1", "--sampling")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout
    for expected in (
        "lstm 2x3",
        "charrnn numpy",
        "charrnn reference",
        "ms per step",
        "GFLOP/s",
        "peak memory",
        "µs per time step backward",
        "least traffic",
        "sampled/s, 100 texts",
        "ratio     min ",
    ):
        assert expected in result.stdout
    assert result.stderr.splitlines()[-1] == "pair 1 of 1"


def test_threads_are_handed_on(monkeypatch):
    asked = []

    def bench(request, note):
        asked.append(request.threads)
        raise BackendError("enough")

    monkeypatch.setattr("charrnn.cli.bench.bench", bench)
    assert run(*TINY, "--threads", "3").stderr == "Error: enough\n"
    assert asked == [3]


def test_json_has_everything():
    result = run(*TINY, "--json", "--vocab-size", "7")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["workload"] == {
        "cell": "lstm",
        "vocab_size": 7,
        "hidden_size": 3,
        "num_layers": 2,
        "seq_len": 4,
        "batch_size": 2,
    }
    assert set(report) == {
        "workload",
        "gflops",
        "errors",
        "machine",
        "ceiling",
        "ours",
        "rival",
        "variants",
        "pairs",
        "ratio",
        "ratio_sampling",
        "warnings",
    }
    assert set(report["ours"]["milliseconds"]) == {"step", "forward", "backward", "rest"}
    assert set(report["ours"]["milliseconds"]["step"]) == {"median", "low", "high"}
    assert report["rival"] is report["ratio"] is None
    assert (report["ours"]["precision"], set(report["ours"]["microseconds"])) == ("float32", {"forward", "backward"})
    assert result.stderr.splitlines()[-1] == "timing"


def curve(*arguments: str) -> Result:
    Path("fox.txt").write_text("the quick brown fox jumps over the lazy dog\n" * 60)
    return run(*TINY, "--curve", "fox.txt", *arguments)


def test_curves_are_a_table_that_ends_in_a_verdict():
    result = curve("--vs", "reference", "--steps", "4")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    rate = load_preset("quick")["learning_rate"]
    assert "lstm 1x3: " in result.stdout and f"learning_rate {rate}" in result.stdout  # the rest is the preset quick
    assert [line.split()[0] for line in lines if line[:4].strip().isdigit()] == ["1", "2", "3", "4"]
    assert lines[-3].startswith("time     charrnn reference took ")
    assert lines[-1].startswith("reached  charrnn reference's final loss ")
    assert result.stderr.splitlines()[-1].startswith("step 4 of 4: charrnn numpy ")


def test_settings_of_a_curve_come_from_preset_file_and_options():
    Path("my.yaml").write_text("learning_rate: 0.01\nnum_layers: 2\nminutes: 9\n")
    result = curve("--vs", "reference", "--preset", "long", "--cell", "gru", "--config", "my.yaml", "--json")
    report = json.loads(result.stdout)
    assert report["model"] == "gru 2x3"
    assert report["settings"]["learning_rate"] == 0.01 and report["settings"]["steps"] == 2
    assert "minutes" not in {name for name, value in report["settings"].items() if value is not None}
    assert [point["steps"] for point in report["ours"]["points"]] == [1, 2]
    assert set(report["reached"][0]) == {"tolerance", "seconds", "share"}


def test_a_curve_is_not_of_standard_input():
    result = run("--device", "cpu", "--kernel", "numpy", "--vs", "reference", "--curve", "-")
    assert result.exit_code == 1
    assert "standard input (-) cannot be read here; write the text to a file" in result.stderr


def test_a_curve_has_a_rival():
    result = curve()
    assert result.exit_code == 2 and "--curve compares two sides; name the other with --vs" in result.stderr
    result = curve("--vs", "reference", "--preset", "quik")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --preset 'quik' is not one of") and "did you mean quick?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--hidden-size", "0"), 2, "--hidden-size must be at least 1"),
        (("--kernel", "nonsense"), 2, "kernel 'nonsense' is not one of"),
        (("--device", "tpu"), 2, "device 'tpu' is not one of"),
        (("--vs", "nonsense"), 2, "'nonsense' is not one of"),
        (("--vocab-size", "1"), 2, "Invalid value for '--vocab-size'"),
        (("--pairs", "0"), 2, "Invalid value for '--pairs'"),
    ],
)
def test_bad_input(arguments, code, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--preset", "long"), "--preset has no effect without --curve"),
        (("--config", "my.yaml"), "--config has no effect without --curve"),
        (("--pairs", "3"), "--pairs counts turns with a rival; name one with --vs"),
        (("--curve", "fox.txt", "--vs", "numpy", "--pairs", "3"), "--pairs has no effect with --curve"),
        (("--curve", "fox.txt", "--vs", "numpy", "--sampling"), "--sampling has no effect with --curve"),
        (("--curve", "fox.txt", "--vs", "numpy", "--vocab-size", "9"), "--vocab-size has no effect with --curve"),
    ],
)
def test_options_without_effect_are_refused(arguments, message):
    result = run(*TINY, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith(f"Error: {message}")


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = run(*TINY, "--vs", "torch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: --vs torch: PyTorch is not installed; pip install torch\n"
    monkeypatch.setitem(sys.modules, "cupy", None)
    result = run("--device", "gpu")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: no GPU: CuPy is not installed")
    assert len(result.stderr.splitlines()) == 1
