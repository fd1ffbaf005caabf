"""The CUDA kernels on a processor: the sources of charrnn/kernels/cuda behind shim.h, compiled by the C++ compiler.

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
FLAGS = ("-std=c++20", "-O1", "-pthread", "-shared", "-fPIC", "-fno-gnu-unique", "-Wl,-Bsymbolic")


def compiler(folder: Path, *flags: str, change: Callable[[str], str] = str) -> Callable[..., "Module"]:
    """A function that compiles a source, `change`d first, into a library in `folder`."""
    of_gpu, of_processor = part("instructions.h"), INSTRUCTIONS.read_text(encoding="utf-8")

    def compile_source(source: str, cooperative: bool = False) -> Module:
        source = change(source).replace(of_gpu, of_processor)
        kernels = re.findall(r"^(GROUP_)?KERNEL\((\w+),", source, re.MULTILINE)
        entries = [f"ENTRY({name}, {'true' if group else 'false'})" for group, name in kernels]
        text = "\n".join([f'#include "{HEADER}"', source, *entries])
        library = folder / f"{hashlib.sha256('|'.join((text, *FLAGS, *flags)).encode()).hexdigest()[:16]}.so"
        if not library.exists():
            command = ["g++", *FLAGS, *flags, "-x", "c++", "-", "-o", str(library)]
            # A sanitizer that is preloaded into this process is not meant for the compiler.
            subprocess.run(command, input=text, text=True, check=True, env={**os.environ, "LD_PRELOAD": ""})
        return Module(ctypes.CDLL(str(library)))

    return compile_source


class Module:
    """Kernels to be called as those of cupy.RawModule are."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library

    def get_function(self, name: str) -> Callable[..., None]:
        """The kernel as a function of grid, block and arguments."""
        describe, launch = getattr(self.library, f"signature_{name}"), getattr(self.library, f"launch_{name}")
        describe.restype = ctypes.c_char_p
        signature = describe().decode()

        def kernel(grid: tuple[int, ...], block: tuple[int], arguments: tuple[Any, ...], shared_mem: int = 0) -> None:
            values = [_value(argument) for argument in arguments]
            assert "".join(letter for letter, _ in values) == signature, f"{name} takes {signature}"
            addresses = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for _, value in values))
            launch(grid[0], grid[1] if len(grid) > 1 else 1, block[0], shared_mem, addresses)

        return kernel


def _value(argument: Any) -> tuple[str, Any]:
    """What an argument is passed as. Python's own numbers are none: CuPy would pass them as 8 bytes."""
    if isinstance(argument, np.ndarray):
        return "p", ctypes.c_void_p(argument.ctypes.data)
    if isinstance(argument, np.int32):
        return "i", ctypes.c_int32(int(argument))
    assert isinstance(argument, np.float32), type(argument)
    return "f", ctypes.c_float(float(argument))
