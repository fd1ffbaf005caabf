"""The command line on the device: train, stop, resume, sample."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
SETTINGS = [
    "--preset",
    "none",
    "--hidden-size",
    "64",
    "--seq-len",
    "16",
    "--batch-size",
    "16",
    "--steps",
    "3000",
    "--eval-every",
    "500",
]
PATIENCE_SECONDS = 120
LEARNING = ["--hidden-size", "128", "--seq-len", "32", "--steps", "300", "--eval-every", "300", "--sample-length", "0"]
LOSS_LIMIT = 0.01  # nats


def train_resume_and_sample(device: str) -> dict[str, str]:
    """A stopped and resumed run must end like an uninterrupted one, and both devices must sample the same text."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text.txt").write_text("the quick brown fox jumps over the lazy dog\n" * 400, encoding="utf-8")
        train = ["train", "text.txt", *SETTINGS, "--device", device]
        _charrnn(folder, *train, "--run", "whole")
        _stop_half_way(folder, *train, "--run", "stopped")
        _charrnn(folder, "train", "--resume", "--run", "stopped", "--device", device)
        whole, stopped = ((folder / run / "last.safetensors").read_bytes() for run in ("whole", "stopped"))
        assert whole == stopped, "a resumed run differs from an uninterrupted one"
        greedy = ("sample", "whole", "--greedy", "--prime", "the", "--length", "200")
        drawn = {on: _charrnn(folder, *greedy, "--device", on) for on in (device, "cpu")}
        assert drawn[device] == drawn["cpu"], drawn
        many = _charrnn(folder, "sample", "whole", "-n", "1000", "--length", "20", "--seed", "1", "--device", device)
        assert many.count("---") >= 999, many[-200:]
        return {"sample": drawn[device][:80]}


def same_losses(device: str) -> dict[str, dict[str, float]]:
    """Validation losses of the same training on the CPU and in each precision on the device, which must nearly agree.

    Each device also evaluates or resumes a checkpoint from the other.
    """
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for cell in ("lstm", "gru"):
            ways = {"cpu": ("cpu", "float32")} | {precision: (device, precision) for precision in ("tf32", "float32")}
            losses = found[cell] = {}
            for way, (on, precision) in ways.items():
                train = ("train", "names", "--cell", cell, *LEARNING, "--device", on, "--precision", precision)
                _charrnn(folder, *train, "--run", f"{cell}-{way}")
                losses[way] = _loss(folder, f"{cell}-{way}", on, precision)
            losses["tf32, read by the CPU"] = _loss(folder, f"{cell}-tf32", "cpu", "float32")
            for way in ("tf32", "cpu"):  # resume, each on the other device
                other = "cpu" if way == "tf32" else device
                _charrnn(folder, "train", "--resume", "--run", f"{cell}-{way}", "--steps", "310", "--device", other)
            spread = max(losses.values()) - min(losses.values())
            assert spread < LOSS_LIMIT, f"{cell}: {losses}"
    return found


def _loss(folder: Path, run: str, device: str, precision: str) -> float:
    return json.loads(_charrnn(folder, "eval", run, "--device", device, "--precision", precision, "--json"))["loss"]


def _stop_half_way(folder: Path, *arguments: str) -> None:
    process = subprocess.Popen(
        _command(*arguments), cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    began = time.monotonic()
    while not (folder / "stopped" / "last.safetensors").exists() and process.poll() is None:
        assert time.monotonic() - began < PATIENCE_SECONDS, "no checkpoint"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE_SECONDS)


def _charrnn(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        _command(*arguments),
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert not done.returncode, f"charrnn {' '.join(arguments)}: {done.stderr.strip()[-300:]}"
    return done.stdout


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "charrnn", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}
