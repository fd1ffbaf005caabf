"""What this machine has: versions, devices, and the kernels of each."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from charrnn import __version__
from charrnn.config import Config
from charrnn.device.backend import open_backend
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.choice import build


@dataclass(frozen=True)
class DeviceFacts:
    """A device that works. `passed_over` says for each faster kind of kernel why it is not used."""

    device: str
    description: str
    kernels: str
    precision: str
    passed_over: list[str]


@dataclass(frozen=True)
class MissingDevice:
    """A device that is missing, or does not support the precision that was asked for."""

    device: str
    missing: str  # the reason


@dataclass(frozen=True)
class MachineFacts:
    """Versions and devices; `device` is the one that auto means."""

    charrnn: str
    python: str
    numpy: str
    platform: str
    device: str
    devices: list[DeviceFacts | MissingDevice]


def describe_machine(config: Config) -> MachineFacts:
    """This machine, with the kernels that a network of `config` would get."""
    return MachineFacts(
        charrnn=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        platform=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        device=open_backend().device,
        devices=[_describe("cpu", config), *_gpus(config)],
    )


def _describe(name: str, config: Config) -> DeviceFacts | MissingDevice:
    backend = open_backend(name)
    try:
        choice = build(backend, precision=config.precision)
    except Unsupported as refusal:
        return MissingDevice(backend.device, str(refusal))
    return DeviceFacts(
        backend.device,
        backend.description,
        choice.kernels.name,
        choice.kernels.precision,
        list(choice.passed_over(config)),
    )


def _gpus(config: Config) -> Iterator[DeviceFacts | MissingDevice]:
    """All GPUs, or the reason why there is none."""
    for number in count():
        try:
            yield _describe(f"gpu:{number}", config)
        except BackendError as error:
            if number == 0:
                yield MissingDevice("gpu", str(error))
            return
