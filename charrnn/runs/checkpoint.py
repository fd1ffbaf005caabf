"""A whole training run at one moment, as one safetensors file that is safe to open.

Weights have PyTorch's names, moments are called `optimizer.SLOT.NAME`, the hidden state is `state.LAYER.NAME`.
Everything that is not an array is one JSON text in the header.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save, save_file

from charrnn.config import Config
from charrnn.device.memory import available_memory
from charrnn.errors import CheckpointError, DamagedError
from charrnn.files import replacing_at
from charrnn.hints import command
from charrnn.runs.header import BadHeader, Foreign, Header, parse, read_header, read_tensor
from charrnn.runs.schema import Newer, Wrong, check_tensors, check_values

FORMAT = 2
# One key only: with several, safetensors would order them differently in every process, and equal runs would differ.
_KEY = "charrnn"


@dataclass
class Progress:
    """How far a run has come, apart from its arrays."""

    step: int = 0  # updates done
    chars: int = 0  # characters learned from, in all epochs
    seconds: float = 0.0  # seconds of training; stored only if the budget is time (see `Trainer.checkpoint`)
    averaged: int = 0  # steps taken into the average of the weights
    evaluations: int = 0
    loss_sum: float = 0.0  # nats of all characters since the last evaluation
    loss_chars: int = 0
    best_val_loss: float | None = None
    best_step: int | None = None
    since_best: int = 0  # evaluations
    schedule: dict[str, Any] = field(default_factory=dict)
    ramp: dict[str, Any] = field(default_factory=dict)  # the state of a growing batch
    ended: str | None = None  # why the run has ended: 'done' or 'early stop'
    rollbacks: list[dict[str, Any]] = field(default_factory=list)  # returns to an earlier step after a divergence

    @property
    def rate_factor(self) -> float:
        """The share of the learning rate that is used: half for each rollback."""
        return 0.5 ** len(self.rollbacks)


@dataclass(frozen=True)
class TextRecord:
    """The text that a run learned from, as its checkpoints know it."""

    argument: str | list[str]  # the argument of charrnn train; a list if there were several texts
    description: str  # in words, for people
    sha256: str  # of its bytes
    size: int  # bytes
    train_chars: int | None = None  # None in the oldest checkpoints
    val_chars: int | None = None
    val_sha256: str | None = None  # of the files of their own to validate on

    @classmethod
    def of(cls, values: dict[str, Any]) -> "TextRecord":
        """The record from a checkpoint's header; keys that this version does not know are ignored."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def to_dict(self) -> dict[str, Any]:
        """The record for a checkpoint's header."""
        return {name: value for name, value in vars(self).items() if value is not None}


# The header apart from the tensors, under these keys.
_PARTS = {
    "config": dict[str, Any],
    "origins": dict[str, str],
    "preset": str | None,
    "vocabulary": dict[str, Any],
    "corpus": TextRecord,
    "progress": Progress,
    "sha256": str,
}


@dataclass
class Checkpoint:
    """Everything that is needed to sample, evaluate or resume."""

    config: dict[str, Any]
    given_by: dict[str, str]  # which source gave a setting, unless it is a default
    preset: str | None
    vocabulary: dict[str, Any]
    corpus: TextRecord
    progress: Progress
    weights: dict[str, np.ndarray]
    moments: dict[str, dict[str, np.ndarray]]  # slot -> name -> array
    states: list[dict[str, np.ndarray]]  # layer -> name -> (B, H)

    @property
    def evaluated(self) -> dict[str, np.ndarray]:
        """The weights to evaluate and sample from: the average of the weights, if there is one."""
        return self.moments.get("average", self.weights)

    @property
    def as_best(self) -> "Checkpoint":
        """The checkpoint that is kept as best if this one, of the same step, is kept as last."""
        return replace(self, weights=self.evaluated)

    def save(self, path: Path) -> None:
        """Write the file atomically.

        Raises:
            StorageError: it cannot be written.
        """
        tensors = dict(self.weights)
        for slot, arrays in self.moments.items():
            tensors.update({f"optimizer.{slot}.{name}": array for name, array in arrays.items()})
        for layer, arrays in enumerate(self.states):
            tensors.update({f"state.{layer}.{name}": array for name, array in arrays.items()})
        tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        header = {
            "config": self.config,
            "origins": self.given_by,
            "preset": self.preset,
            "vocabulary": self.vocabulary,
            "corpus": self.corpus.to_dict(),
            "progress": vars(self.progress),
            "format": FORMAT,
        }
        header["sha256"] = _sha256(tensors, header)
        with replacing_at(path) as part:
            mode = part.stat().st_mode
            _write_tensors(part, tensors, {_KEY: json.dumps(header, sort_keys=True)})
            with suppress(OSError):  # of a file system without modes
                part.chmod(mode)  # safetensors may have put another file there, which nobody else can read


_OTHERS = {"last.safetensors": "best.safetensors", "best.safetensors": "last.safetensors"}  # the other one of a run


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: the file is missing, or not a checkpoint that charrnn wrote.
        DamagedError: its contents have changed.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}{_way_out(path)}")
    try:
        return _read(path)
    except CheckpointError as error:
        raise type(error)(f"{error}{_way_out(path)}") from None


def _way_out(path: Path) -> str:
    """The end of a message that names the run's other checkpoint, if that can be read; else empty."""
    other = path.with_name(_OTHERS.get(path.name, path.name))
    try:
        _read(other)
    except CheckpointError:
        return ""
    return f"; {other} is still there: {command('sample', other)}"


def _read(path: Path) -> Checkpoint:
    try:
        with path.open("rb") as file:
            found = read_header(file, _KEY)
            values = _values(found, path)
            _check_memory(sum(entry.size for entry in found.tensors.values()), path)
            tensors = {name: read_tensor(file, entry) for name, entry in found.tensors.items()}
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from None
    except Foreign:
        raise CheckpointError(f"{path} is a safetensors file, but not one that charrnn wrote") from None
    except BadHeader as error:
        raise _damaged(path, str(error)) from None
    if values.pop("sha256") != _sha256(tensors, values):
        raise _damaged(path, "its contents have changed")
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise DamagedError(f"{path} is damaged: {name} has values that are not finite")
    known = {each.name for each in fields(Progress)}
    progress = Progress(**{name: value for name, value in values["progress"].items() if name in known})
    return Checkpoint(
        config=Config().to_dict() | values["config"],  # an older version did not know all settings
        given_by=values["origins"],
        preset=values["preset"],
        vocabulary=values["vocabulary"],
        corpus=TextRecord.of(values["corpus"]),
        progress=progress,
        **_sort(tensors),
    )


def _write_tensors(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    try:  # into a file: safetensors' bytes would need twice the memory
        save_file(tensors, path, metadata)
    except (OSError, SafetensorError):  # it needs more of a file system than writing; a full disk fails again
        path.write_bytes(save(tensors, metadata))


def _values(found: Header, path: Path) -> dict[str, Any]:
    """What the header says apart from the tensors, once it and they are known to be possible."""
    values = parse(found.text)
    version = values.get("format") if isinstance(values, dict) else None
    if version != FORMAT:
        raise CheckpointError(f"{path} has checkpoint format {version!r}; this version reads {FORMAT} only")
    try:
        check_values(values, _PARTS)
        characters = values["vocabulary"]["characters"]
        shapes = {name: entry.shape for name, entry in found.tensors.items()}
        check_tensors(shapes, Config(**values["config"]), 256 if characters is None else len(characters))
    except Newer as error:
        raise CheckpointError(
            f"{path} has the setting {error}, which this version does not know: a newer one wrote it, or it "
            "is damaged; upgrade charrnn"
        ) from None
    except Wrong as error:
        raise _damaged(path, str(error)) from None
    return dict(values)


def _check_memory(size: int, path: Path) -> None:
    free = available_memory()
    if free is not None and size > free:
        raise CheckpointError(f"{path} takes {size:,} bytes of memory, and {free:,} are free; stop other programs")


def _sort(tensors: dict[str, np.ndarray]) -> dict[str, Any]:
    weights: dict[str, np.ndarray] = {}
    moments: dict[str, dict[str, np.ndarray]] = {}
    states: dict[int, dict[str, np.ndarray]] = {}
    for name, array in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimizer":
            slot, _, parameter = rest.partition(".")
            moments.setdefault(slot, {})[parameter] = array
        elif kind == "state":
            layer, _, state = rest.partition(".")
            states.setdefault(int(layer), {})[state] = array
        else:
            weights[name] = array
    return {"weights": weights, "moments": moments, "states": [states[layer] for layer in sorted(states)]}


def _damaged(path: Path, reason: str) -> DamagedError:
    return DamagedError(f"{path} is not a checkpoint, or a damaged one ({reason})")


def _sha256(tensors: dict[str, np.ndarray], header: dict[str, Any]) -> str:
    """The digest of the header and of all arrays, by name: safetensors itself would not notice a bad sector."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name]).view(np.uint8).reshape(-1).data)
    return digest.hexdigest()
