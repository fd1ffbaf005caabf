"""The CUDA kernels on a processor: a C++ compiler compiles the sources of charrnn/kernels/cuda after shim.h.

`compiler` stands in for `charrnn.kernels.cuda.program.compiler`; the arrays are NumPy's.
"""

import ctypes
import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.kernels.cuda.program import part

HEADER = Path(__file__).parent / "shim.h"
INSTRUCTIONS = Path(__file__).parent / "instructions.h"
FLAGS = ("-std=c++20", "-O1", "-pthread", "-fPIC", "-fno-gnu-unique")
LIBRARY = ("-shared", "-Wl,-Bsymbolic")


def compiler(folder: Path, *flags: str, change: Callable[[str], str] = str) -> Callable[..., "Module"]:
    """A function that applies `change` to a source and compiles it into a library in `folder`."""
    of_gpu, of_processor = part("instructions.h"), INSTRUCTIONS.read_text(encoding="utf-8")

    def compile_source(source: str, cooperative: bool = False) -> Module:
        source = change(source).replace(of_gpu, of_processor)
        kernels = re.findall(r"^(GROUP_)?KERNEL\((\w+),", source, re.MULTILINE)
        entries = [f"ENTRY({name}, {'true' if group else 'false'})" for group, name in kernels]
        text = "\n".join([source, *entries])
        library = folder / f"{_digest(text, *FLAGS, *flags)}.so"
        if not library.exists():
            header = _precompiled(folder, flags)
            arguments = (*LIBRARY, "-include", str(header), "-x", "c++", "-", "-o", str(library))
            _compile(*arguments, flags=flags, text=text)
        return Module(ctypes.CDLL(str(library)))

    return compile_source


def _precompiled(folder: Path, flags: tuple[str, ...]) -> Path:
    """shim.h as a precompiled header: the standard headers take most of the compile time."""
    header = folder / f"{_digest(*flags)}.h"
    if not header.exists():
        header.write_text(f'#include "{HEADER}"\n')
        _compile("-x", "c++-header", str(header), "-o", f"{header}.gch", flags=flags)
    return header


def _compile(*arguments: str, flags: tuple[str, ...], text: str = "") -> None:
    # A sanitizer that is preloaded into this process must not be preloaded into the compiler.
    environment = {**os.environ, "LD_PRELOAD": ""}
    subprocess.run(["g++", *FLAGS, *flags, *arguments], input=text, text=True, check=True, env=environment)


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


class Module:
    """Kernels that are called like those of cupy.RawModule."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.compiled = library

    def get_function(self, name: str) -> Callable[..., None]:
        """The kernel as a function of grid, block and arguments."""
        describe, launch = getattr(self.compiled, f"signature_{name}"), getattr(self.compiled, f"launch_{name}")
        describe.restype = ctypes.c_char_p
        signature = describe().decode()

        def kernel(grid: tuple[int, ...], block: tuple[int], arguments: tuple[Any, ...], shared_mem: int = 0) -> None:
            values = [_value(argument) for argument in arguments]
            assert "".join(letter for letter, _ in values) == signature, f"{name} takes {signature}"
            addresses = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for _, value in values))
            launch(grid[0], grid[1] if len(grid) > 1 else 1, block[0], shared_mem, addresses)

        return kernel


def _value(argument: Any) -> tuple[str, Any]:
    """The letter and the C value of an argument. Python's own numbers are refused: CuPy would pass them as 8 bytes."""
    if isinstance(argument, np.ndarray):
        return "p", ctypes.c_void_p(argument.ctypes.data)
    if isinstance(argument, np.int32):
        return "i", ctypes.c_int32(int(argument))
    if isinstance(argument, np.float64):
        return "d", ctypes.c_double(float(argument))
    assert isinstance(argument, np.float32), type(argument)
    return "f", ctypes.c_float(float(argument))
