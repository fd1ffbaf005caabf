"""Runs Python modules under the thread sanitizer, and marks tests that need a compiler."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")

REPOSITORY = Path(__file__).parents[2]
RACE = 66  # the sanitizer's exit code
PATIENCE_SECONDS = 240


def run_sanitized(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module as a program with the sanitizer's library preloaded; skips the test if there is no sanitizer."""
    sanitizer = subprocess.run(["g++", "-print-file-name=libtsan.so"], capture_output=True, text=True, check=True)
    library = sanitizer.stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("g++ has no thread sanitizer")
    environment = {**os.environ, "LD_PRELOAD": library, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("the thread sanitizer does not run under this kernel")
    return done
