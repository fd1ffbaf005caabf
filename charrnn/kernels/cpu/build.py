"""Builds the library from the C++ sources beside this file at first use, for the processor it runs on.

The library is kept in the user's cache folder under a hash of everything that it depends on; see `cache`. It is first
written under a temporary name, so that several processes may start at once.
"""

import ctypes
import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from charrnn.device.processors import processors
from charrnn.errors import StorageError, Unsupported
from charrnn.files import cache_folder, temporary_folder
from charrnn.kernels.cells import UNIT, compiled_cells, structure
from charrnn.kernels.cpu.cache import keep, opened

log = logging.getLogger(__name__)

SOURCES = Path(__file__).parent
CELLS_HEADER = "cells.h"  # generated: all cells that have a header

# -ffast-math is left out: NaN must stay NaN, and the kernels are vectorized already.
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fPIC", "-pthread", "-Wno-psabi")
TARGETS = {"x86_64": "-march=native", "amd64": "-march=native", "aarch64": "-mcpu=native", "arm64": "-mcpu=native"}


@functools.cache
def compiled(extra_flags: tuple[str, ...] = (), functions: tuple[str, ...] = ()) -> ctypes.CDLL:
    """The loaded library; if there is none for these sources on this machine, it is compiled now, which takes a while.

    `extra_flags` come last, after those in $CHARRNN_CXXFLAGS. `functions` are those that the library must have.

    Raises:
        Unsupported: there is no compiler, it fails, or the kernels are not written for this processor.
    """
    command = [*compiler(), *FLAGS, target(), *os.environ.get("CHARRNN_CXXFLAGS", "").split(), *extra_flags]

    def once(folder: Path) -> Path:
        log.info("compiling kernels for this processor, once; this takes 10 to 60 seconds")
        return _compile(command, folder)

    try:
        return keep(cache_folder(), f"cpu-{_fingerprint(command)}", functions, once)
    except OSError as error:
        return _for_this_process(command, functions, error)


def _for_this_process(command: list[str], functions: tuple[str, ...], refusal: OSError) -> ctypes.CDLL:
    """Compile a library in a folder that only this user can read; it is removed once it is loaded."""
    log.info(
        "compiling kernels for this processor, at each start, because they cannot be kept in %s: %s",
        cache_folder(),
        refusal.strerror or refusal,
    )
    try:
        with temporary_folder() as folder:
            return opened(_compile(command, folder), functions)
    except StorageError as error:
        raise Unsupported(f"there is no place for the compiled kernels: {error}") from None
    except OSError as error:
        raise Unsupported(f"the compiled kernels cannot be loaded: {error}") from None


def compiler() -> list[str]:
    """The system's C++ compiler as a command: $CXX if set, else the first that is installed."""
    named = os.environ.get("CXX", "").split()
    for command in [named] if named else [["c++"], ["g++"], ["clang++"]]:
        if shutil.which(command[0]):
            return command
    if named:
        raise Unsupported(f"there is no {named[0]}, which $CXX names as the C++ compiler")
    raise Unsupported("no C++ compiler (c++, g++ or clang++); install g++ or clang++")


def target() -> str:
    """The compiler's flag for the processor that this runs on."""
    machine = platform.machine().lower()
    if machine not in TARGETS:
        raise Unsupported(f"processor {machine or 'unknown'} is not one of {', '.join(TARGETS)}")
    return TARGETS[machine]


def _fingerprint(command: Sequence[str]) -> str:
    """A hash of sources, command, compiler and processor."""
    parts = [path.read_bytes() for path in sorted([*SOURCES.glob("*.cpp"), *SOURCES.glob("*.h")])]
    texts = (cells_header(), "\0".join(command), _run([*compiler(), "--version"]), _processor())
    parts += [text.encode() for text in texts]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:20]


def cells_header() -> str:
    """The C++ text of all cells, and FOR_EACH_CELL(DO), which is DO(name, structure) for each of them."""
    cells = compiled_cells()
    each = " ".join(f"DO({cell.module}, {cell.structure})" for cell in cells)
    texts = [UNIT.read_text(encoding="utf-8"), *map(structure, cells), f"#define FOR_EACH_CELL(DO) {each}"]
    return "\n".join(texts) + "\n"


def _processor() -> str:
    """The processor's model and its instruction sets."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags", "CPU part", "Features")
    return "\n".join(sorted({line for line in lines if line.split("\t")[0].strip(" :") in wanted}))


def _compile(command: list[str], folder: Path) -> Path:
    """Compile the library in `folder`: the sources separately and in parallel, then linked."""
    (folder / CELLS_HEADER).write_text(cells_header(), encoding="utf-8")
    sources = sorted(SOURCES.glob("*.cpp"))
    objects = [folder / f"{source.stem}.o" for source in sources]

    def compile_one(source: Path, to: Path) -> None:
        _run([*command, f"-I{folder}", "-c", str(source), "-o", str(to)], folder)

    with ThreadPoolExecutor(processors()) as pool:
        list(pool.map(compile_one, sources, objects))
    made = folder / "cpu.so"
    _run([*command, "-shared", *map(str, objects), "-o", str(made)], folder)
    if not made.exists():
        raise Unsupported(f"{command[0]} reports no error, but writes no library")
    return made


def _run(command: list[str], folder: Path | None = None) -> str:
    """Run a command, and return what it prints; `folder` takes its temporary files."""
    environment = os.environ | ({"TMPDIR": str(folder)} if folder else {})
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
    except OSError as error:
        raise Unsupported(f"{command[0]} cannot be started: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        reason = next((line for line in lines if "error" in line), lines[0])
        raise Unsupported(f"{command[0]} cannot compile the kernels: {reason.strip()}")
    return done.stdout
