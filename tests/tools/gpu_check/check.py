"""make gpu-check: run every check that needs a GPU, in a few minutes, and write one JSON file.

It runs straight from the checkout. The parts run one after another in a separate process. If one fails or runs out of
time, the remaining parts get a fresh process, because an error on a GPU affects everything after it. The exit code is 1
if any part failed. `--device cpu` runs the same parts without a GPU, to test the check itself.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from charrnn.config import Config
from charrnn.device.backend import Backend, open_backend
from charrnn.kernels.choice import build
from charrnn.kernels.protocol import Kernels
from tests.tools.gpu_check import numbers, persistent, speed
from tests.tools.gpu_check.findings import Wrong, line
from tests.tools.gpu_check.program import same_losses, train_resume_and_sample

HERE = Path(__file__).parents[3]  # the checkout
PACKAGES = ("numpy", "cupy-cuda13x", "cupy-cuda12x", "torch")
SECONDS = 450  # in all; a part that runs then may finish, so that everything is done within 8 minutes
PART_SECONDS = 150  # for every part except the bench, which gets the rest and ends by itself
SLOWER = 10  # factor of time for a processor
Part = Callable[[Backend, Kernels, float], Any]  # the last argument is when to end, by time.monotonic()
PARTS: dict[str, Part] = {
    "machine": lambda backend, kernels, _: machine(backend, kernels),
    "barriers": lambda backend, *_: persistent.barriers(backend),
    "recurrences": lambda backend, kernels, _: numbers.recurrences(backend, kernels),
    "recurrences_in_float32": lambda backend, kernels, _: numbers.recurrences_in_float32(backend, kernels),
    "operations": lambda backend, kernels, _: numbers.operations(backend, kernels),
    "persistent_agreement": lambda backend, *_: persistent.persistent_agreement(backend),
    "persistent_repetitions": lambda backend, *_: persistent.persistent_repetitions(backend),
    "repetitions": lambda backend, kernels, _: numbers.repetitions(backend, kernels),
    "time_steps": lambda backend, kernels, _: speed.time_steps(backend, kernels),
    "persistent_time_steps": lambda backend, *_: persistent.persistent_time_steps(backend),
    "program": lambda backend, *_: train_resume_and_sample(backend.device),
    "losses": lambda backend, *_: same_losses(backend.device),
    "bench": lambda backend, _, end: speed.bench_against_torch(backend, end),
}


def main() -> int:
    """Run the parts; returns 1 if one failed or there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--output", type=Path, default=Path("gpu-check.json"))
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=[*PARTS])
    parser.add_argument(
        "--here", type=float, metavar="END", help="run in this process, to END; a line of JSON per part"
    )
    options = parser.parse_args()
    if options.here:
        return run_here(options.device, options.parts, options.here)
    report: dict[str, Any] = {}
    for name, found in run(options.device, ["machine", *(part for part in options.parts if part != "machine")]):
        report[name] = found
        print(f"{name}: {found.get('failed', 'good')} ({found['seconds']} s)", file=sys.stderr)
        options.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(any("failed" in found for found in report.values()))


def run(device: str, parts: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run the parts and yield the findings of each; if the part machine fails, nothing else is run."""
    patience = SLOWER if device == "cpu" else 1
    end, left = time.monotonic() + SECONDS * patience, list(parts)
    while left:
        with Process(device, left, end) as process:
            found: dict[str, Any] = {}
            while left and "failed" not in found:
                name = left.pop(0)
                if time.monotonic() > end:
                    found = {"failed": "no time left", "seconds": 0}
                else:
                    found = process.answer(PART_SECONDS * (1 if name != "bench" else 4) * patience)
                yield name, found
                if name == "machine" and "failed" in found:
                    return


class Process:
    """A process that runs parts and answers after each."""

    def __init__(self, device: str, parts: list[str], end: float) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.tools.gpu_check.check",
            "--device",
            device,
            "--here",
            str(end),
            "--parts",
            *parts,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE, start_new_session=True)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: Any) -> None:
        self._kill()
        self._process.communicate()

    def answer(self, seconds: float) -> dict[str, Any]:
        """The findings of the next part, or a failure if there is no answer within `seconds`."""
        began, timer = time.monotonic(), threading.Timer(seconds, self._kill)
        timer.start()
        assert self._process.stdout
        answer = self._process.stdout.readline()
        timer.cancel()
        took = round(time.monotonic() - began, 1)
        return json.loads(answer) if answer else {"failed": "its process ended without an answer", "seconds": took}

    def _kill(self) -> None:
        """Kill the process and everything that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def run_here(device: str, parts: list[str], end: float) -> int:
    """Run the parts in this process, and print a line of JSON on standard output after each."""
    for name in parts:
        print(json.dumps(attempt(PARTS[name], device, end)), flush=True)
    return 0


def attempt(part: Part, device: str, end: float) -> dict[str, Any]:
    """Run a part; returns its findings, how long it took, and why it failed if it did."""
    began, found = time.perf_counter(), {}
    try:
        backend = open_backend(device)
        found["found"] = part(backend, build(backend, precision=Config.precision).kernels, end)
    except Wrong as wrong:
        found = {"failed": line(wrong), "found": wrong.found}
    except Exception as error:  # any, so that the other parts still run
        found["failed"] = line(error)
    return found | {"seconds": round(time.perf_counter() - began, 1)}


def machine(backend: Backend, kernels: Kernels) -> dict[str, Any]:
    """The device, kernels and versions that all parts run on."""
    return {
        "device": backend.description,
        "kernels": kernels.name,
        "precision": kernels.precision,
        "versions": dict(versions()),
    }


def versions() -> Iterator[tuple[str, str]]:
    """Versions of everything that may influence the findings."""
    yield "python", platform.python_version()
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


if __name__ == "__main__":
    sys.exit(main())
