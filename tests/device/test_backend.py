"""What a machine can lack to use a GPU: each is one line from the command line."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from click.testing import CliRunner

from charrnn.cli import cli


class CUDARuntimeError(RuntimeError):
    """Stands in for CuPy's error of this name."""


CUDARuntimeError.__module__ = "cupy_backends.cuda.api.runtime"


def fake_cupy(count):
    """A CuPy whose driver answers `count` when it is asked for the number of GPUs."""

    def get_device_count():
        if isinstance(count, str):
            raise CUDARuntimeError(count)
        return count

    cupy = ModuleType("cupy")
    cupy.cuda = SimpleNamespace(
        runtime=SimpleNamespace(CUDARuntimeError=CUDARuntimeError, getDeviceCount=get_device_count)
    )
    return cupy


def fail(*arguments):
    """The one line of a command that cannot work."""
    result = CliRunner().invoke(cli, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line


def without_gpu(*extra):
    return fail("bench", "--hidden-size", "8", "--device", *(extra or ["gpu"]))


def test_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    line = without_gpu()
    assert line.startswith("Error: no GPU: CuPy is not installed; pip install 'cupy-cuda13x[ctk]>=14' (or")


def test_with_half_of_cupy(monkeypatch, tmp_path):
    (tmp_path / "cupy.py").write_text("import not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    assert "no GPU: CuPy does not work (No module named 'not_there'); pip install" in without_gpu()


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (
            "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
            "the NVIDIA driver is missing or too old (cudaErrorInsufficientDriver: ",
        ),
        ("cudaErrorNoDevice: no CUDA-capable device is detected", "the driver work, but find no NVIDIA GPU; use --dev"),
    ],
)
def test_without_a_driver_or_a_gpu(monkeypatch, count, message):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(count))
    assert message in without_gpu()


@pytest.mark.parametrize(("count", "machine"), [(1, "has 1 GPU, from gpu:0"), (2, "has 2 GPUs, from gpu:0")])
def test_a_gpu_that_does_not_exist(monkeypatch, count, machine):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(count))
    line = without_gpu("gpu:7")
    assert line.startswith("Error: gpu:7 does not exist; ") and machine in line


def test_without_the_toolkit(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(1))
    monkeypatch.setitem(sys.modules, "cupy.cublas", None)
    assert without_gpu().endswith("for drivers before 580)")


def test_a_gpu_that_fails_on_the_way(monkeypatch):
    def fails(*_, **wishes):
        raise CUDARuntimeError("CUBLAS_STATUS_ALLOC_FAILED\nand more")

    monkeypatch.setattr("charrnn.bench.match.build", fails)
    line = fail("bench", "--hidden-size", "8", "--device", "cpu", "--kernel", "reference")
    assert "the GPU failed; if its memory is full, lower --batch-size" in line
    assert line.endswith("(CUBLAS_STATUS_ALLOC_FAILED)")


def test_other_errors_are_not_blamed_on_the_gpu(monkeypatch):
    def fails(*_, **wishes):
        raise RuntimeError("a mistake in charrnn")

    monkeypatch.setattr("charrnn.bench.match.build", fails)
    result = CliRunner().invoke(cli, ["bench", "--hidden-size", "8", "--device", "cpu", "--kernel", "reference"])
    assert "a mistake in charrnn" in str(result.exception)


@pytest.mark.parametrize(("name", "number"), [("cuda:7", 7), ("CUDA", 0), ("gpu:7", 7), ("GPU", 0)])
def test_cuda_is_another_name_of_gpu(name, number, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(0))
    assert f"gpu:{number} does not exist; this machine has 0 GPUs" in without_gpu(name)
