"""The run whose weights another run begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config import SETTINGS, Config, held_out_by
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.errors import CorpusError, SettingError
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.find import load_model
from charrnn.runs.model import load_parameters
from charrnn.session.request import with_parts
from charrnn.text.characters.escapes import spelled
from charrnn.text.files.own_parts import PARTS
from charrnn.text.files.source import Source
from charrnn.text.reading.reader import sha256_of
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

    @property
    def symbols(self) -> dict[str, Any]:
        """The settings by which its text became its symbols, so that another text becomes the same ones."""
        values = {name: self.saved.config[name] for name in ("normalize", "vocab_min")}
        return {name: value for name, value in values.items() if value != getattr(Config, name)}

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
        """The settings that determine which part of its text it did not learn, if `source` is that text; else empty.

        `source` has no files of its own to validate and to test on: those of the parent are added to it.
        """
        try:
            own = with_parts(source, Config(**self.saved.config))
        except CorpusError:  # its files are gone, or are not in this text
            return {}
        return (
            {name: self.saved.config[name] for name in held_out_by(self.saved.config["split"])} if self._is(own) else {}
        )

    def _is(self, source: Source) -> bool:
        """Whether `source`, with its parts, is the text that it was trained on."""
        return source.size == self.saved.corpus.size and sha256_of(source) == self.saved.corpus.sha256

    def leaks(self, config: Config, split: Mapping[str, Any], whole: Source, source: Source) -> list[Notice]:
        """A warning if `config` holds out what it may have learned.

        split: its own, if `whole` is its text. source: `whole` with its files of their own to validate and to test on.
        """
        for part in PARTS:
            if (files := getattr(source, part)) and self._is(Source(part, files)):
                option = f"--{part} {getattr(config, part)}"
                return [Notice(f"{self.name} learned {option}, so that its loss is not that of new text")]
        if source.val and not config.test_fraction and source.files == whole.files:  # nothing of the text is held out
            return []
        others = [name for name, value in split.items() if getattr(config, name) != value]
        if set(others) <= set(_FRACTIONS):  # a smaller part is within a larger one
            others = others if sum(getattr(config, name) - split[name] for name in others) > 0 else []
        if not others:
            return []
        theirs = " and ".join(f"{name} {_shown(split[name])}" for name in others)
        return [
            Notice(f"{self.name} learned this text with {theirs}: it may have learned part of what is held out here")
        ]

    def copy_weights(self, params: Flat, backend: Backend) -> None:
        """Copy its weights into those of a network that may know more characters, whose weights stay as they are."""
        shape = Shape.of(Config(**self.saved.config), self.vocabulary.size)
        for name, weight in load_parameters(shape, backend, self.saved.evaluated).items():
            params[name][tuple(slice(length) for length in weight.shape)] = weight


def _shown(value: Any) -> str:
    return spelled(value) if isinstance(value, str) and not value.isprintable() else str(value)
