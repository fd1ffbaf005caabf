"""The device that arrays are on. No code above this file asks which one it is."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.errors import BackendError, OptionError

# The packages of the extras cuda13 and cuda12; this command works no matter where charrnn was installed from.
INSTALL_CUPY = "pip install 'cupy-cuda13x[ctk]>=14' (or 'cupy-cuda12x[ctk]>=14', for drivers before 580)"
_AHEAD = 32  # updates, on a GPU: enough to keep it busy, and few enough that the losses shown are recent


@dataclass(frozen=True)
class Backend:
    """An array module `xp` (NumPy, or CuPy with NumPy's interface), a dtype, and the device's name."""

    xp: Any
    dtype: Any
    device: str  # "cpu" or "gpu:N"
    description: str
    ahead: int = 1  # updates that the host may start before it reads the loss of the first

    def to_host(self, array: Any) -> np.ndarray:
        """The array as a NumPy array; waits for the device."""
        return array if isinstance(array, np.ndarray) else self.xp.asnumpy(array)

    def to_device(self, array: Any) -> Any:
        """Copy a NumPy array to this device."""
        return self.xp.asarray(array)

    def free_memory(self) -> int | None:
        """Free memory of a GPU in bytes; None on a CPU, where there is nothing to upload."""
        if self.device == "cpu":
            return None
        return self.xp.cuda.runtime.memGetInfo()[0] + self.xp.get_default_memory_pool().free_bytes()

    def synchronize(self) -> None:
        """Wait until the device has finished all work."""
        if self.device != "cpu":
            self.xp.cuda.get_current_stream().synchronize()


def open_backend(device: str = "auto", dtype: Any = np.float32) -> Backend:
    """The backend for 'auto', 'cpu', 'gpu' or 'gpu:N' ('cuda' means 'gpu'); 'auto' takes a GPU if one works.

    Raises:
        OptionError: there is no device of this name.
        BackendError: the device or something that it needs is missing.
    """
    device = device.lower()
    if device == "cpu":
        return _cpu(dtype)
    if device == "auto":
        try:
            return _gpu(0, dtype)
        except BackendError:
            return _cpu(dtype)
    match = re.fullmatch(r"(?:gpu|cuda)(?::(\d+))?", device)
    if not match:
        raise OptionError(f"device {device!r} is not one of auto, cpu, gpu, gpu:N")
    return _gpu(int(match[1] or 0), dtype)


def _cpu(dtype: Any) -> Backend:
    return Backend(np, dtype, "cpu", "CPU")


def _gpu(number: int, dtype: Any) -> Backend:
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        lack = "CuPy is not installed" if error.name == "cupy" else f"CuPy does not work ({str(error).splitlines()[0]})"
        raise BackendError(f"no GPU: {lack}; {INSTALL_CUPY}") from None
    runtime = cupy.cuda.runtime
    try:
        count = runtime.getDeviceCount()
    except runtime.CUDARuntimeError as error:
        raise BackendError(_no_device(str(error))) from None
    if number >= count:
        raise BackendError(f"gpu:{number} does not exist; this machine has {count} GPU{'s' * (count != 1)}, from gpu:0")
    try:
        importlib.import_module("cupy.cublas")
    except ImportError as error:
        raise BackendError(f"no GPU: {str(error).splitlines()[0]}; {INSTALL_CUPY}") from None
    cupy.cuda.Device(number).use()
    cupy.cuda.set_allocator(_allocator(cupy))
    name = runtime.getDeviceProperties(number)["name"].decode()
    return Backend(cupy, dtype, f"gpu:{number}", name, _AHEAD)


def _allocator(cupy: Any) -> Callable[[int], Any]:
    """CuPy's memory pool, with out-of-memory errors turned into one line."""
    pool, runtime = cupy.get_default_memory_pool(), cupy.cuda.runtime

    def allocate(size: int) -> Any:
        try:
            return pool.malloc(size)
        except cupy.cuda.memory.OutOfMemoryError:
            free, total = runtime.memGetInfo()
            raise BackendError(
                f"out of memory on the GPU: {size / 2**20:,.1f} MiB asked for, {free / 2**20:,.1f} of "
                f"{total / 2**20:,.1f} MiB free; lower --batch-size, --seq-len or --hidden-size, or -n when sampling"
            ) from None

    return allocate


def _no_device(error: str) -> str:
    if "NoDevice" in error:
        return "no GPU: CuPy and the driver work, but find no NVIDIA GPU; use --device cpu"
    return f"no GPU: the NVIDIA driver is missing or too old ({error}); install a newer driver, or use --device cpu"
