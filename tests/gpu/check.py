"""make gpu-check: everything that only a GPU can tell, in some minutes, as one JSON file.

It runs straight from the checkout. Each part is tried even if another failed; the exit code is 1 if any did.
`--device cpu` goes through the same parts without a GPU, to check the check.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from charrnn.backend import Backend, open_backend
from charrnn.config import Config
from charrnn.errors import CharrnnError
from charrnn.kernels import build
from charrnn.kernels.reference import ReferenceKernels
from tests.gpu import numbers, speed, sweeps
from tests.gpu.program import same_losses, train_resume_and_sample

PACKAGES = ("numpy", "cupy-cuda13x", "cupy-cuda12x", "torch")
Part = Callable[[Backend, ReferenceKernels], Any]
PARTS: dict[str, Part] = {
    "recurrences": numbers.recurrences,
    "recurrences_in_float32": numbers.recurrences_in_float32,
    "operations": numbers.operations,
    "repetitions": numbers.repetitions,
    "persistent_agreement": sweeps.persistent_agreement,
    "persistent_repetitions": sweeps.persistent_repetitions,
    "barriers": sweeps.barriers,
    "program": lambda backend, kernels: train_resume_and_sample(backend.device),
    "losses": lambda backend, kernels: same_losses(backend.device),
    "time_steps": speed.time_steps,
    "persistent_time_steps": sweeps.persistent_time_steps,
    "bench": speed.bench_against_torch,
}


def main() -> int:
    """Run the parts; 1 if one failed or there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--output", type=Path, default=Path("gpu-check.json"))
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=[*PARTS])
    options = parser.parse_args()
    try:
        backend = open_backend(options.device)
        kernels = build(backend, precision=Config.precision).kernels
    except CharrnnError as error:
        print(f"gpu-check: {error}", file=sys.stderr)
        return 1
    report: dict[str, Any] = {"device": backend.description, "kernels": kernels.name, "precision": kernels.precision,
                              "versions": dict(versions())}  # fmt: skip
    for name in options.parts:
        report[name] = attempt(PARTS[name], backend, kernels)
        print(f"{name}: {report[name].get('failed', 'good')} ({report[name]['seconds']} s)", file=sys.stderr)
        options.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(any("failed" in report[name] for name in options.parts))


def attempt(part: Part, backend: Backend, kernels: ReferenceKernels) -> dict[str, Any]:
    """What a part found, how long it took, and why it failed if it did."""
    began, found = time.perf_counter(), {}
    try:
        found["found"] = part(backend, kernels)
    except (CharrnnError, AssertionError, ImportError, RuntimeError) as error:
        found["failed"] = f"{type(error).__name__}: {error}"
    return found | {"seconds": round(time.perf_counter() - began, 1)}


def versions() -> Iterator[tuple[str, str]]:
    """Of everything that has a say."""
    yield "python", platform.python_version()
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


if __name__ == "__main__":
    sys.exit(main())
