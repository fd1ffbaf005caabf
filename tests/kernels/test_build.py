"""Compiling and caching the C++ kernels, and failing to compile them."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from charrnn.device.backend import open_backend
from charrnn.errors import ConfigError, Unsupported
from charrnn.kernels import choice as kernels
from charrnn.kernels.cpu import build, functions

BACKEND = open_backend("cpu")
START = "from charrnn.kernels.cpu import build; build.compiled().set_threads(1)"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """A function that installs a stand-in for the compiler, and an empty cache."""
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "cache"))
    build.compiled.cache_clear()

    def install(script):
        path = tmp_path / "fake-c++"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("CXX", str(path))

    yield install
    build.compiled.cache_clear()


def start(**environment):
    """Start a process that loads the library."""
    return subprocess.Popen(
        [sys.executable, "-c", START], cwd=REPOSITORY, env={**os.environ, **environment}, stderr=subprocess.PIPE
    )


def finish(process):
    """Wait for a process and assert that it succeeds."""
    _, errors = process.communicate()
    assert process.returncode == 0, errors


def test_two_processes_can_build_at_once_and_a_third_finds_it(tmp_path):
    folder = tmp_path / "new" / "cache"
    processes = [start(CHARRNN_CACHE=str(folder)) for _ in range(2)]
    for process in processes:
        finish(process)
    (library,) = folder.iterdir()  # nothing temporary is left
    built = library.stat().st_mtime_ns
    finish(start(CHARRNN_CACHE=str(folder)))
    assert library.stat().st_mtime_ns == built


def test_a_cache_that_cannot_be_written_is_not_needed(tmp_path):
    (tmp_path / "file").touch()
    finish(start(CHARRNN_CACHE=str(tmp_path / "file" / "cache"), TMPDIR=str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # it cleans up after itself


def test_without_a_place_for_the_library_one_line_says_so(compiler, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    compiler("echo 1.0")
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(Unsupported, match=r"^there is no place for the compiled kernels: temporary .*; set TMPDIR to"):
        build.compiled()


def test_the_compiler_gets_a_folder_that_can_be_written(compiler, tmp_path):
    compiler(f'[ "$1" = --version ] || echo "$TMPDIR" >> {tmp_path}/seen')
    with pytest.raises(Unsupported, match="writes no library"):
        build.compiled()
    folders = set((tmp_path / "seen").read_text().splitlines())
    assert {Path(folder).parent for folder in folders} == {tmp_path / "cache"}


def test_a_damaged_library_is_made_anew(tmp_path):
    finish(start(CHARRNN_CACHE=str(tmp_path)))
    (library,) = tmp_path.iterdir()
    whole = library.stat().st_size
    library.write_bytes(b"nothing")
    finish(start(CHARRNN_CACHE=str(tmp_path)))
    assert library.stat().st_size == whole


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 0", "fake-c++ reports no error, but writes no library"),
        (
            'while [ "$1" != -o ] && [ $# -gt 0 ]; do shift; done; [ $# = 0 ] || echo garbage > "$2"',
            "cannot be loaded: ",
        ),
    ],
)
def test_a_compiler_that_makes_nothing_of_use_is_one_line_and_leaves_nothing(compiler, tmp_path, script, reason):
    compiler(script)
    with pytest.raises(Unsupported) as refusal:
        build.compiled()
    assert reason in str(refusal.value) and "\n" not in str(refusal.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_library_depends_on_the_flags(monkeypatch):
    plain = build._fingerprint(["c++"])
    assert plain == build._fingerprint(["c++"])
    assert plain != build._fingerprint(["c++", "-mno-avx512f"])


def test_a_failing_compiler_is_one_line(compiler):
    compiler('[ "$1" = --version ] || { echo a note >&2; echo "x.cpp:1: error: no luck" >&2; exit 1; }')
    with pytest.raises(Unsupported, match=r"fake-c\+\+ cannot compile the kernels: x.cpp:1: error: no luck$"):
        build.compiled()


def test_no_compiler_is_one_line(compiler, monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/c++")
    with pytest.raises(Unsupported, match=r"^there is no /nowhere/c\+\+, which \$CXX names as the C\+\+ compiler$"):
        build.compiled()
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unsupported, match=r"^no C\+\+ compiler \(c\+\+, g\+\+ or clang\+\+\); install"):
        build.compiled()


def test_an_unknown_processor_is_one_line(monkeypatch):
    monkeypatch.setattr(build.platform, "machine", lambda: "pdp11")
    with pytest.raises(Unsupported, match=r"^processor pdp11 is not one of"):
        build.target()


class TestChoice:
    """`kernels.build` chooses among the kinds."""

    def test_the_compiled_kernels_come_first(self, monkeypatch):
        monkeypatch.delenv("CHARRNN_KERNEL", raising=False)
        assert kernels.build(BACKEND).kernels.name == "cpu"

    def test_without_a_compiler_numpy_takes_over_and_the_reason_is_known(self, monkeypatch):
        def refuse(*_):
            raise Unsupported("no C++ compiler")

        monkeypatch.delenv("CHARRNN_KERNEL", raising=False)
        monkeypatch.setattr(kernels, "_cpu", refuse)
        choice = kernels.build(BACKEND)
        assert choice.kernels.name == "numpy"
        assert choice.refusals == ("cpu: no C++ compiler",)
        assert kernels.build(BACKEND, threads=2).kernels.name == "numpy"  # threads are ignored, not refused
        with pytest.raises(Unsupported):
            kernels.build(BACKEND, "cpu")

    @pytest.mark.parametrize("name", ["reference", "numpy", "cpu"])
    def test_an_environment_variable_decides_where_nothing_was_asked_for(self, name, monkeypatch):
        monkeypatch.setenv("CHARRNN_KERNEL", name)
        assert kernels.build(BACKEND).kernels.name == name
        assert kernels.build(BACKEND, "reference").kernels.name == "reference"

    def test_an_unknown_kind_is_refused(self, monkeypatch):
        monkeypatch.setenv("CHARRNN_KERNEL", "magic")
        with pytest.raises(ConfigError, match="'magic' is not one of"):
            kernels.build(BACKEND)

    @pytest.mark.parametrize("name", ["auto", "cpu"])
    def test_bf16_takes_the_compiled_kernels_where_the_processor_has_it(self, name, monkeypatch, tmp_path):
        info, flags = tmp_path / "cpuinfo", []
        monkeypatch.delenv("CHARRNN_KERNEL", raising=False)
        monkeypatch.setattr(kernels, "CPU_INFO", info)
        monkeypatch.setattr(functions, "load", flags.append)
        reason = "^bf16 needs a processor with AVX512_BF16, which this one lacks, or a GPU .* use --precision float32$"
        for known in (None, "flags : avx512f avx512bw\n"):
            if known:
                info.write_text(known)
            with pytest.raises(Unsupported, match=reason):
                kernels.build(BACKEND, name, precision="bf16")
        info.write_text("flags : avx512f avx512_bf16 avx512bw\n")
        assert kernels.build(BACKEND, name, precision="bf16").kernels.precision == "bf16"
        assert kernels.build(BACKEND, name, precision="tf32").kernels.precision == "float32"
        assert flags == [("-DBF16",), ()]

    @pytest.mark.parametrize("name", ["reference", "numpy"])
    def test_other_kernels_have_no_bf16(self, name, monkeypatch):
        reason = f"^the {name} kernels have no bf16; use --kernel cpu, or --precision float32$"
        with pytest.raises(Unsupported, match=reason):
            kernels.build(BACKEND, name, precision="bf16")
        monkeypatch.setenv("CHARRNN_KERNEL", name)
        with pytest.raises(Unsupported, match=reason):
            kernels.build(BACKEND, precision="bf16")

    def test_the_compiled_kernels_do_not_run_on_a_gpu(self):
        with pytest.raises(Unsupported, match="do not run on gpu:0"):
            kernels.build(BACKEND.__class__(np, np.float32, "gpu:0", "a GPU"), "cpu")
