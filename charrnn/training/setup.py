"""Everything that a trainer is made from."""

from dataclasses import dataclass

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.files import Lock
from charrnn.kernels.protocol import Kernels
from charrnn.runs.checkpoint import Checkpoint, TextRecord
from charrnn.runs.run import Run
from charrnn.text.tokens import Tokens


@dataclass
class Setup:
    """Everything that a trainer is made from; see `charrnn.session`."""

    config: Config
    given_by: dict[str, str]  # which source gave a setting, unless it is a default
    preset: str | None
    text: TextRecord
    tokens: Tokens
    run: Run
    backend: Backend
    kernels: Kernels
    params: Flat
    resume: Checkpoint | None = None
    lock: Lock | None = None  # keeps other processes out of the run
