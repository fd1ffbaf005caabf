"""Assembles the sources beside this file, and compiles them at run time for the GPU that runs them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from charrnn.cells.protocol import Cell
from charrnn.errors import Unsupported
from charrnn.kernels.cells import UNIT, structure

_HERE = Path(__file__).parent
OLDEST = 75  # Turing: the first that NVRTC 13 compiles for

# (source, cooperative=False) -> a module with `get_function(name)`, as cupy.RawModule has it. The blocks of cooperative
# kernels all run at the same time, or the kernel does not start.
Compile = Callable[..., Any]


def source(name: str, *headers: str, cell: Cell | None = None, **definitions: str | int) -> str:
    """The text of a .cu file with everything that it needs and with the given macros; CELL is `cell`.

    It is one text without includes, because CuPy caches compiled kernels by their text.

    Raises:
        Unsupported: the cell has no compiled step.
    """
    texts = [f"#define {macro} {value}" for macro, value in definitions.items()]
    texts.append(part("device.h"))
    if cell:
        texts += [UNIT.read_text(encoding="utf-8"), structure(cell), f"#define CELL {cell.structure}"]
    return "\n".join([*texts, *map(part, (*headers, name))])


def part(name: str) -> str:
    """The text of one file."""
    return (_HERE / name).read_text(encoding="utf-8")


def compiler(cupy: Any) -> Compile:
    """A function that compiles a source for the current device; CuPy keeps the result on disk.

    Raises:
        Unsupported: the GPU is too old, or (raised by the function) NVRTC cannot compile; the message says why.
    """
    capability = cupy.cuda.Device().compute_capability
    if int(capability) < OLDEST:
        raise Unsupported(
            f"the CUDA kernels need compute capability {OLDEST / 10} (Turing), and this GPU has "
            f"{int(capability) / 10}; use --kernel reference"
        )

    def compile_source(text: str, cooperative: bool = False) -> Any:
        module = cupy.RawModule(code=text, enable_cooperative_groups=cooperative)
        try:
            module.compile()
        except (RuntimeError, cupy.cuda.compiler.CompileException) as error:
            lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
            raise Unsupported(f"NVRTC cannot compile the CUDA kernels: {lines[0].strip()}") from None
        return module

    return compile_source
