"""The request to train a network, and the texts that it names."""

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charrnn import catalogue
from charrnn.config import Config
from charrnn.errors import CorpusError, OptionError
from charrnn.hints import OnProgress
from charrnn.text.reader import takes_binary
from charrnn.text.source import Source, from_path, joined

COMMAND_LINE = "command line"
STDIN = ("-",)  # the names of texts that ask for standard input


@dataclass(frozen=True)
class TrainRequest:
    """The content of a `charrnn train` command.

    corpus: files, folders, or names of the catalogue, which are read in turn as one text; or STDIN; or nothing, if a
    run is resumed. settings: those given on the command line, by name. preset: without it, `config_file` and
    `init_from`, the preset that suits the text is chosen; 'none' disables presets. kind: what the text is taken for,
    'text', 'list' or 'records'; None judges it by its content.
    """

    corpus: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None
    config_file: Path | None = None
    device: str = "auto"
    kernel: str = "auto"
    threads: int | None = None
    run: str | None = None
    force: bool = False
    resume: bool = False
    init_from: str | None = None
    kind: str | None = None

    @property
    def glob(self) -> str:
        """Which files of a folder are its text."""
        return str(self.settings.get("glob", Config.glob))


def argument_of(names: tuple[str, ...]) -> str | list[str]:
    """The names of texts as a checkpoint stores them: a single one as a string, as all checkpoints once did."""
    return names[0] if len(names) == 1 else list(names)


def names_of(argument: str | list[str]) -> tuple[str, ...]:
    """The names of texts that a checkpoint stores; the inverse of `argument_of`."""
    return (argument,) if isinstance(argument, str) else tuple(argument)


def open_corpus(names: Sequence[str], config: Config, progress: OnProgress | None = None) -> Source:
    """The texts called `names`, joined in order; each is a file or folder if one has this name, else a known corpus.

    `config` says which files of a folder are texts. A corpus of the catalogue is fetched if necessary.

    Raises:
        CorpusError: a name is neither or is standard input, a text cannot be read or fetched, or all texts are empty.
    """
    if "" in names:
        raise OptionError("the name of a text is empty; name a file, a folder, or one of charrnn corpora list")
    if tuple(names) == STDIN:
        raise CorpusError("standard input (-) cannot be read here; write the text to a file, and name that")
    if "-" in names:
        together = shlex.join(names)
        raise CorpusError(
            f"- (standard input) must be the only text; join them first: cat {together} | charrnn train -"
        )
    return joined([_open(name, config, progress) for name in names])


def _open(name: str, config: Config, progress: OnProgress | None) -> Source:
    if Path(name).exists() or Path(name).is_symlink():  # a broken link is not the name of a corpus
        return from_path(Path(name), glob=config.glob, binary=takes_binary(config))
    if re.match(r"(https?|ftp)://", name, re.IGNORECASE):
        raise CorpusError(f"{name} is a web address; pipe the text in: curl -L {shlex.quote(name)} | charrnn train -")
    if os.sep in name or "." in name:  # a path: no corpus has such a name
        raise CorpusError(f"there is no file or folder {name!r}; charrnn corpora list shows texts to begin with")
    return catalogue.open_corpus(name, progress=progress)
