"""The compiler for the CUDA kernels, which does not need a GPU."""

import re

import pytest


def has_nvrtc() -> bool:
    """Whether the NVRTC library and CuPy's binding of it are installed."""
    try:
        from cupy_backends.cuda.libs import nvrtc

        return nvrtc.getVersion() >= (12, 0)
    except (ImportError, RuntimeError):
        return False


needs_nvrtc = pytest.mark.skipif(not has_nvrtc(), reason="no NVRTC: pip install '.[gpu-test]'")


def spill_stores(source: str, architecture: int) -> list[int]:
    """Compile the source as CuPy does; returns the bytes that each of its kernels spills from registers."""
    from cupy_backends.cuda.libs import nvrtc

    options = (
        f"--gpu-architecture=sm_{architecture}",
        "--std=c++17",
        "-ftz=true",
        "--device-as-default-execution-space",
        "--ptxas-options=-v",
    )
    program = nvrtc.createProgram(source, "kernels.cu", (), ())
    try:
        nvrtc.compileProgram(program, options)
    except nvrtc.NVRTCError:
        raise AssertionError(nvrtc.getProgramLog(program)) from None
    else:
        return [int(count) for count in re.findall(r"(\d+) bytes spill stores", nvrtc.getProgramLog(program))]
    finally:
        nvrtc.destroyProgram(program)
