"""What a user asks to be trained, and the text that it names."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charrnn import catalogue
from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.text.source import Source, from_path

COMMAND_LINE = "command line"
Reading = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """A train command. `settings` are those given on the command line, by name.

    Without `preset`, `config_file` and `init_from`, the preset that suits the text is chosen; 'none' is none.
    """

    corpus: str | None
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

    @property
    def glob(self) -> str:
        """Which files of a folder are its text."""
        return self.settings.get("glob", Config.glob)


def open_corpus(name: str, glob: str, reading: Reading | None = None) -> Source:
    """The text called `name`: a file or folder if there is one, else a corpus of the catalogue, fetched if need be.

    Raises:
        CorpusError: there is neither.
    """
    if Path(name).exists():
        return from_path(Path(name), glob=glob)
    if os.sep in name or "." in name:  # a path, not a name: no corpus is called so
        raise CorpusError(f"there is no file or folder {name!r}; charrnn corpora list shows texts to begin with")
    return catalogue.open_corpus(name, progress=reading)
