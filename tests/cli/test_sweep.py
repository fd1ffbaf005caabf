"""charrnn sweep, as a user runs it; trials are processes of their own."""

import errno
import json
import logging
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.files import Lock
from charrnn.runs import checkpoint
from charrnn.search.jobs import _processors
from charrnn.search.plan import _SAMPLES, read_sweep
from tests.support.disks import without_locks

TEXT = "".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(60))
SWEEP = """
corpus: fox.txt
base: {num_layers: 1, hidden_size: 8, seq_len: 10, batch_size: 4, steps: 20, sample_length: 0, eval_every: 10}
grid: {cell: [gru, lstm]}
"""
NUMPY = ["--device", "cpu", "--kernel", "numpy"]


@pytest.fixture(autouse=True)
def files():
    Path("fox.txt").write_text(TEXT)
    Path("s.yaml").write_text(SWEEP)


def sweep(*arguments):
    return CliRunner().invoke(cli, ["sweep", "s.yaml", *NUMPY, *arguments])


def test_every_trial_is_trained_once_and_a_table_is_printed():
    result = sweep("--jobs", "2")
    assert result.exit_code == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]].count("gru") == 1
    assert "cell=lstm" in result.stdout
    assert result.stderr.startswith("2 trials of 20 steps each\n")
    assert "  training cell=gru\n" in result.stderr and "2/2 cell=" in result.stderr
    before = Path("runs/s/cell=gru/last.safetensors").stat().st_mtime_ns
    again = sweep("--json")
    assert again.stderr == "2 trials of 20 steps each, 2 finished before\n"
    rows = {row["run"]: row["settings"] for row in json.loads(again.stdout)}
    assert rows == {"runs/s/cell=gru": {"cell": "gru"}, "runs/s/cell=lstm": {"cell": "lstm"}}
    assert Path("runs/s/cell=gru/last.safetensors").stat().st_mtime_ns == before
    assert "step 20" in Path("runs/s/cell=gru.log").read_text()


def test_commands_do_what_the_sweep_would_and_only_what_is_left():
    lines = sweep("--print-commands", "--folder", "there").stdout.splitlines()
    assert len(lines) == 2 and not Path("there").exists()
    program, *arguments = shlex.split(lines[0])
    assert program == "charrnn"
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert sweep("--print-commands", "--folder", "there").stdout.splitlines() == lines[1:]
    assert CliRunner().invoke(cli, shlex.split(lines[1])[1:]).exit_code == 0
    result = sweep("--print-commands", "--folder", "there")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "nothing is left to train: all 2 trials in there are finished\n"


def test_threads_are_handed_to_the_trials():
    lines = sweep("--print-commands", "--threads", "3").stdout.splitlines()
    assert all("--kernel numpy --threads 3 " in line for line in lines)


def test_a_sweep_that_ships_is_named_like_a_file():
    result = CliRunner().invoke(cli, ["sweep", "cells", "--print-commands"])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("--run runs/cells/") == 108
    Path("cells").write_text(SWEEP)
    assert CliRunner().invoke(cli, ["sweep", "cells", "--print-commands"]).stdout.count("\n") == 2
    wrong = CliRunner().invoke(cli, ["sweep", "cels"])
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert wrong.stderr == "Error: there is no file 'cels'; did you mean cells?\n"


def test_commands_say_how_large_a_network_is_and_sh_takes_them():
    text = SWEEP.replace(" hidden_size: 8,", "")
    Path("s.yaml").write_text(text.replace("gru, lstm]", "gru, lstm], parameters: [900]"))
    lines = sweep("--print-commands").stdout.splitlines()
    sizes = [int(line.partition("  # ")[2].removesuffix(" parameters")) for line in lines]
    assert len(sizes) == 2 and all(abs(size - 900) < 100 for size in sizes)
    program, *arguments = shlex.split(lines[0], comments=True)
    assert program == "charrnn" and CliRunner().invoke(cli, arguments).exit_code == 0
    shown = json.loads(CliRunner().invoke(cli, ["compare", "runs/s", "--json"]).stdout)
    assert [row["parameters"] for row in shown] == sizes[:1]


def test_another_budget_for_all_trials():
    lines = sweep("--print-commands", "--minutes", "0.5").stdout.splitlines()
    assert all("--minutes 0.5" in line and "--steps" not in line for line in lines)
    assert sweep("--print-commands", "--steps", "7").stdout.count("--steps 7") == 2
    both = sweep("--print-commands", "--steps", "7", "--epochs", "1")
    assert both.exit_code == 2 and "--epochs and --steps each limit" in both.stderr
    Path("s.yaml").write_text(SWEEP.replace(" steps: 20,", "").replace("grid: {", "grid: {steps: [3, 4], "))
    assert "the trials differ in steps; leave out --epochs" in sweep("--epochs", "2").stderr
    assert len(sweep("--print-commands").stdout.splitlines()) == 4


def test_cells_are_the_columns_of_a_second_table():
    Path("s.yaml").write_text(
        SWEEP.replace("steps: 20", "steps: 4")
        .replace(" num_layers: 1,", "")
        .replace("grid: {", "grid: {num_layers: [1, 2], ")
    )
    table = [line.split() for line in sweep().stdout.split("\n\n")[1].splitlines()]
    assert table[0] == ["num_layers", "gru", "lstm"] and [row[0] for row in table[1:]] == ["1", "2"]
    losses = {row["run"]: f"{row['val_loss']:.4f}" for row in json.loads(sweep("--json").stdout)}
    assert table[2][2] == losses["runs/s/num_layers=2,cell=lstm"]
    assert table[1][1] == losses["runs/s/num_layers=1,cell=gru"]


def test_the_table_of_cells_has_the_best_over_best_of():
    Path("s.yaml").write_text(
        "best_of: [learning_rate]"
        + SWEEP.replace("steps: 20", "steps: 4")
        .replace(" num_layers: 1,", "")
        .replace("grid: {", "grid: {num_layers: [1, 2], learning_rate: [1e-4, 0.1], ")
    )
    table = [line.split() for line in sweep().stdout.split("\n\n")[1].splitlines()]
    losses = {row["run"]: row["val_loss"] for row in json.loads(sweep("--json").stdout)}
    assert len(losses) == 8 and [row[0] for row in table] == ["num_layers", "1", "2"]
    rates = [losses[f"runs/s/num_layers=2,learning_rate={rate},cell=gru"] for rate in ("0.0001", "0.1")]
    assert table[2][1] == f"{min(rates):.4f}" != f"{max(rates):.4f}"


def test_cells_alone_have_one_row_if_best_of_varies():
    Path("s.yaml").write_text(
        "best_of: [learning_rate]\nsamples: 2"
        + SWEEP.replace("steps: 20", "steps: 4")
        + "random: {learning_rate: {low: 1e-4, high: 0.1}}"
    )
    table = [line.split() for line in sweep().stdout.split("\n\n")[1].splitlines()]
    losses = {
        cell: min(row["val_loss"] for row in json.loads(sweep("--json").stdout) if row["cell"] == cell)
        for cell in ("gru", "lstm")
    }
    assert table == [["gru", "lstm"], [f"{losses['gru']:.4f}", f"{losses['lstm']:.4f}"]]


def test_a_failed_trial_does_not_keep_the_others_from_being_trained():
    Path("s.yaml").write_text(SWEEP.replace("grid: {", "grid: {encoding: [utf-8, nosuch], "))
    result = sweep()
    assert result.exit_code == 1
    assert result.stdout.count("encoding=utf-8") == 2
    assert result.stderr.count(" failed: there is no encoding 'nosuch'") == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: 2 of 4 trials failed") and "cell=gru.log" in last
    assert "2 finished before" in sweep().stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_sweep_resumes_where_it_was(number, code):
    Path("s.yaml").write_text(SWEEP.replace("steps: 20", "steps: 3000").replace("eval_every: 10", "eval_every: 1000"))
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "sweep", "s.yaml", *NUMPY],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    log = Path("runs/s/cell=gru.log")
    deadline = time.monotonic() + 60
    while not (log.exists() and "training" in log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == code
    assert messages.splitlines()[-1] == "interrupted after 0 of 2; the same command continues"
    saved = checkpoint.load(Path("runs/s/cell=gru/last.safetensors"))
    assert 0 < saved.progress.step < 3000 and saved.progress.ended is None
    assert "interrupted, and saved" in log.read_text()
    lines = sweep("--print-commands").stdout.splitlines()
    assert lines[0].startswith("charrnn train --resume --run runs/s/cell=gru")


def test_a_sweep_runs_once_at_a_time():
    Path("s.yaml").write_text(SWEEP)
    Path("runs/s").mkdir(parents=True)
    lock = Lock(Path("runs/s/lock"))
    result = sweep()
    assert result.exit_code == 1 and "runs/s is in use by process" in result.stderr
    lock.release()
    assert sweep().exit_code == 0


def test_a_sweep_runs_where_locks_do_not_work(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    without_locks(monkeypatch, errno.ENOLCK)
    Path("s.yaml").write_text(SWEEP)
    assert sweep().exit_code == 0
    assert caplog.messages == ["locks do not work in runs/s (No locks available); do not train there twice at once"]


def test_errors_are_one_line():
    for text, message in (
        ("corpus: nosuch.txt\ngrid: {parameters: [100000]}", "there is no file or folder 'nosuch.txt'"),
        (SWEEP + "smaples: 3", "did you mean samples?"),
        ("corpus: [", "s.yaml is not valid YAML"),
    ):
        Path("s.yaml").write_text(text)
        result = sweep()
        assert (result.exit_code, result.stdout) == (1, "")
        assert message in result.stderr and result.stderr.count("\n") == 1
    Path("s.yaml").unlink()
    assert "there is no file 's.yaml'; charrnn comes with the sweeps cells" in sweep().stderr
    assert sweep("--jobs", "0").exit_code == 2


def test_a_sweep_that_was_changed_needs_another_folder():
    sweep()
    Path("s.yaml").write_text(SWEEP.replace("steps: 20", "steps: 30"))
    result = sweep()
    assert result.exit_code == 1
    assert "runs/s/cell=gru was made with steps 20, not 30; --folder DIR starts another sweep" in result.stderr
    Path("s.yaml").write_text(SWEEP.replace("hidden_size: 8, ", ""))
    assert "was made with hidden_size " in sweep().stderr


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not pin processes")
def test_jobs_share_the_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3, 4})
    assert _processors(0, 1) == set()
    assert [_processors(place, 2) for place in range(2)] == [{0, 2, 4}, {1, 3}]
    assert [_processors(place, 7) for place in (4, 5, 6)] == [{4}, {0}, {1}]


def test_jobs_share_all_processors_where_the_system_does_not_pin_processes(monkeypatch):
    def refuse(pid):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(os, "sched_getaffinity", refuse, raising=False)
    assert [_processors(place, 2) for place in range(2)] == [set(), set()]


def test_the_example_in_the_documentation_can_be_read():
    usage = Path(__file__).parents[2] / "charrnn" / "docs" / "usage.md"
    Path("s.yaml").write_text(usage.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0])
    assert len(read_sweep(Path("s.yaml")).points) == 40


def test_the_sweeps_of_the_repository_can_be_read():
    found = sorted((Path(__file__).parents[2] / "charrnn" / "search" / "sweeps").glob("*.yaml"))
    assert [path.name for path in found] == ["cells.yaml"]
    assert len(read_sweep(found[0]).points) == 108


def test_help_ends_in_examples():
    assert "charrnn sweep search.yaml --jobs 4 --json" in sweep("--help").stdout


def test_help_says_how_many_draws_there_are_by_default():
    assert f"drawn `samples` times (default {_SAMPLES})" in " ".join(sweep("--help").stdout.split())


def test_a_folder_that_cannot_be_made_is_one_line():
    result = sweep("--folder", "fox.txt/sweep")
    assert result.exit_code == 1
    assert (
        "Error: the folder fox.txt/sweep cannot be made: Not a directory; name another with --folder DIR"
        in result.output
    )
