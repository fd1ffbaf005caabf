"""Facts about a run: its settings, its history, its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config import Config
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.run import LOCK, Run
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class VocabularyFacts:
    """The vocabulary of a run; `characters` is None for a run of bytes.

    If `has_unknown` is true, U+FFFD among the characters is the symbol of unknown ones.
    """

    size: int
    characters: str | None
    has_unknown: bool = False


@dataclass(frozen=True)
class RunFacts:
    """A run, as `charrnn info --json` prints it."""

    run: str
    checkpoint: str
    model: str
    parameters: int
    vocabulary: VocabularyFacts
    corpus: dict[str, Any]
    preset: str | None
    config: dict[str, Any]
    origins: dict[str, str]  # which source gave a setting, unless it is a default
    progress: dict[str, Any]
    history: list[dict[str, Any]]
    files: dict[str, int]  # sizes in bytes


def describe_run(checkpoint: Checkpoint, path: Path) -> RunFacts:
    """The run that the checkpoint `path` belongs to."""
    vocabulary = Vocabulary.from_dict(checkpoint.vocabulary)
    shape = Shape.of(Config(**checkpoint.config), vocabulary.size)
    run = Run(path.parent)
    files = (file for file in sorted(run.folder.iterdir()) if file.is_file() and file.name != LOCK)
    return RunFacts(
        run=str(run.folder),
        checkpoint=path.name,
        model=str(shape),
        parameters=shape.size,
        vocabulary=VocabularyFacts(vocabulary.size, vocabulary.characters, vocabulary.has_unknown),
        corpus=checkpoint.corpus.to_dict(),
        preset=checkpoint.preset,
        config=checkpoint.config,
        origins=checkpoint.given_by,
        progress=vars(checkpoint.progress),
        history=run.read_metrics(),
        files={file.name: file.stat().st_size for file in files},
    )
