"""The run whose weights another run begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config import SETTINGS, Config, held_out_by
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.errors import SettingError
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.find import load_model
from charrnn.runs.model import load_parameters
from charrnn.text.reader import sha256_of
from charrnn.text.source import Source
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.events import Notice

_FRACTIONS = ("val_fraction", "test_fraction")


@dataclass(frozen=True)
class Parent:
    """The model that --init-from names."""

    name: str
    saved: Checkpoint
    path: Path

    @classmethod
    def open(cls, name: str) -> "Parent":
        """The best model of a run, or that of a checkpoint file.

        Raises:
            CheckpointError: there is none, or it cannot be read.
        """
        return cls(name, *load_model(name))

    @property
    def origin(self) -> str:
        """The name by which settings that come from it are marked."""
        return f"run {self.path.parent.name}"

    @property
    def vocabulary(self) -> Vocabulary:
        """The characters that it knows."""
        return Vocabulary.from_dict(self.saved.vocabulary)

    @property
    def model(self) -> dict[str, Any]:
        """The settings that its weights determine."""
        names = [name for name, setting in SETTINGS.items() if setting.group == "Model"]
        return {name: self.saved.config[name] for name in [*names, "bytes"]}

    def check(self, config: Config) -> None:
        """Refuse settings that its weights do not fit.

        Raises:
            SettingError: one of them does not fit.
        """
        for name, value in self.model.items():
            if getattr(config, name) != value:
                raise SettingError(
                    f"{name} is {value} in {self.origin}, not {getattr(config, name)}; leave it out", name
                )

    def split(self, source: Source) -> dict[str, Any]:
        """The settings that determine which part of its text it did not learn, if `source` is that text; else empty."""
        if source.size != self.saved.corpus.size or sha256_of(source) != self.saved.corpus.sha256:
            return {}
        return {name: self.saved.config[name] for name in held_out_by(self.saved.config["split"])}

    def leaks(self, config: Config, split: Mapping[str, Any]) -> list[Notice]:
        """A warning if `config` holds out another part of the text than its own `split` does."""
        others = [name for name, value in split.items() if getattr(config, name) != value]
        if set(others) <= set(_FRACTIONS):  # a smaller part is within a larger one
            others = others if sum(getattr(config, name) - split[name] for name in others) > 0 else []
        if not others:
            return []
        theirs = " and ".join(f"{name} {split[name]}" for name in others)
        return [
            Notice(f"{self.name} learned this text with {theirs}: it may have learned part of what is held out here")
        ]

    def copy_weights(self, params: Flat, backend: Backend) -> None:
        """Copy its weights into those of a network that may know more characters, whose weights stay as they are."""
        shape = Shape.of(Config(**self.saved.config), self.vocabulary.size)
        for name, weight in load_parameters(shape, backend, self.saved.evaluated).items():
            params[name][tuple(slice(length) for length in weight.shape)] = weight
