from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from charrnn.config import Config
from charrnn.kernels.describe import DeviceFacts, MachineFacts, MissingDevice
from charrnn.runs.describe import RunFacts, VocabularyFacts
from charrnn.view.info import show_info

MACHINE = MachineFacts(
    charrnn="1.0",
    python="3.12.1",
    numpy="2.0",
    platform="Linux x86_64, 2 cores",
    device="cpu",
    devices=[
        DeviceFacts("cpu", "CPU", "numpy", "float32", ["cpu: no C++ compiler"]),
        MissingDevice("gpu", "no GPU: CuPy is not installed"),
    ],
)


def run(count=0, **changes):
    history = [
        {"step": 10 * n, "epoch": n / 10, "seconds": n, "train_loss": 2.0, "val_loss": 3 + abs(n - 7) / 10}
        for n in range(1, count + 1)
    ]
    known = RunFacts(
        run="runs/x",
        checkpoint="best.safetensors",
        model="gru 1x64",
        parameters=12345,
        vocabulary=VocabularyFacts(5, "\t\n [é"),
        preset="lines",
        corpus={"description": "x.txt", "size": 1_100_000, "sha256": "ab" * 32},
        config=Config(cell="gru", glob="[a-z]*.txt", batch_size=7).to_dict(),
        origins={"cell": "preset lines", "glob": "command line", "seq_len": "command line"},
        progress={"step": 70},
        history=history,
        files={"best.safetensors": 1_234_567},
    )
    return replace(known, **changes)


def shown(run, width=80):
    console = Console(file=StringIO(), width=width)
    show_info(run, MACHINE, console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 200])
def test_what_a_run_is(width):
    lines = shown(run(), width)
    assert "text    x.txt, 1.1 MB, sha256 abababababababab…" in lines
    assert r"knows   5 characters: \t\n [é" in lines
    assert "saved   best.safetensors at step 70" in lines
    assert "files   best.safetensors 1.2 MB" in lines
    assert max(map(len, lines)) <= width


def test_where_each_setting_that_is_not_a_default_came_from():
    lines = [line.split(maxsplit=2) for line in shown(run())]
    assert ["cell", "gru", "preset lines"] in lines
    assert ["glob", "[a-z]*.txt", "command line"] in lines  # as it is, though rich would read it as markup
    assert ["seq_len", "50", "command line"] in lines  # given, though it is the default
    assert ["batch_size", "7", "charrnn"] in lines
    assert not any(line[:1] == ["hidden_size"] for line in lines)


def test_a_long_history_is_cut_to_twelve_rows_with_first_last_and_best():
    lines = shown(run(count=100))
    first = next(index for index, line in enumerate(lines) if line.strip().startswith("step"))
    rows = [line.split() for line in lines[first + 1 : lines.index("", first)]]
    assert len(rows) <= 12
    assert rows[0][0] == "10"
    assert rows[-1][0] == "1000"
    assert [row[0] for row in rows if row[-1] == "best"] == ["70"]


def test_a_run_that_holds_nothing_out_has_no_best():
    history = [{"step": 1, "epoch": 0.1, "seconds": 1, "train_loss": 2.0, "val_loss": None}]
    assert not any(line.endswith("best") for line in shown(run(history=history)))


def test_losses_of_a_run_that_diverged_stay_short():
    history = [{"step": 1, "epoch": 0.1, "seconds": 1, "train_loss": 1.67e33, "val_loss": 2e30}]
    assert shown(run(history=history))[-6].split() == ["1", "0.10", "0:01", "1.67e+33", "2e+30", "2.89e+30", "best"]


def test_devices_and_why_no_faster_kernel():
    lines = shown(None)
    assert lines == [
        "here  charrnn 1.0, Python 3.12.1, NumPy 2.0, Linux x86_64, 2 cores",
        "cpu   CPU, numpy kernels, used",
        "      passed over: cpu: no C++ compiler",
        "gpu   no GPU: CuPy is not installed",
    ]
