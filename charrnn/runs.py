"""The folder of a run: `config.yaml`, `metrics.jsonl`, `last.safetensors`, `best.safetensors`, and the encoded text."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn import checkpoint
from charrnn.checkpoint import Checkpoint
from charrnn.config import SETTINGS, Config
from charrnn.errors import CheckpointError
from charrnn.storage import replacing

RUNS = Path("runs")


@dataclass(frozen=True)
class Run:
    """Where the files of a run lie."""

    folder: Path

    @property
    def last(self) -> Path:
        """The newest checkpoint."""
        return self.folder / "last.safetensors"

    @property
    def best(self) -> Path:
        """The checkpoint of the lowest validation loss."""
        return self.folder / "best.safetensors"

    @property
    def metrics(self) -> Path:
        """A JSON line for each evaluation."""
        return self.folder / "metrics.jsonl"

    def create(self, *, force: bool) -> Path | None:
        """Make the folder. With `force` a run that is there moves aside; returns where to.

        Raises:
            CheckpointError: there is a run already, or the folder cannot be made.
        """
        moved = None
        if self._occupied():
            if not force:
                raise CheckpointError(f"{self.folder} holds a run; --resume goes on with it, --force moves it aside, "
                                      "--run DIR goes elsewhere")  # fmt: skip
            moved = self.folder.with_name(self.folder.name + ".old")
            if moved.exists():
                shutil.rmtree(moved)
            self.folder.rename(moved)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"the run folder {self.folder} cannot be made: {error.strerror}") from None
        return moved

    def _occupied(self) -> bool:
        return any(path.exists() for path in (self.last, self.best, self.metrics))

    def write_config(self, config: Config, origins: dict[str, str]) -> None:
        """`config.yaml`: every setting, with where it came from; `--config` reads it back."""
        lines = ["# Settings of this run; charrnn train CORPUS --config with this file repeats it."]
        for name in SETTINGS:
            value = getattr(config, name)
            if value is not None:
                comment = f"  # {origins[name]}" if name in origins else ""
                lines.append(f"{name}: {json.dumps(value)}{comment}")
        with replacing(self.folder / "config.yaml") as file:
            file.write(("\n".join(lines) + "\n").encode())

    def append_metrics(self, values: dict[str, Any]) -> None:
        """Add a line to the metrics."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def read_metrics(self) -> list[dict[str, Any]]:
        """All lines of the metrics; a last line that a crash cut off is left out."""
        if not self.metrics.is_file():
            return []
        lines = []
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                break
        return lines

    def forget_metrics_after(self, step: int) -> None:
        """Drop what was written after the checkpoint that a run resumes from: it will be written again."""
        kept = [values for values in self.read_metrics() if values["step"] <= step]
        with replacing(self.metrics) as file:
            file.write("".join(json.dumps(values) + "\n" for values in kept).encode())


def list_runs() -> list[Run]:
    """The runs in `runs/`, the one written last first; those that --force moved aside are left out."""
    found = [path for path in RUNS.glob("*/last.safetensors") if path.parent.suffix != ".old"]
    return [Run(path.parent) for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def find_run(name: str | None) -> Run:
    """The run called `name`: a folder, or its name in `runs/`; None is the run that was written last.

    Raises:
        CheckpointError: there is none.
    """
    if name is None:
        found = list_runs()
        if not found:
            raise CheckpointError(f"there is no run in {RUNS}/ yet; charrnn train CORPUS makes one")
        return found[0]
    for folder in (Path(name), RUNS / name):
        if Run(folder).last.is_file():
            return Run(folder)
    present = sorted(path.parent.name for path in RUNS.glob("*/last.safetensors"))
    there = f"; there are {', '.join(present)}" if present else ""
    raise CheckpointError(f"there is no run {name!r}, neither as a folder nor in {RUNS}/{there}")


def load_model(name: str | None) -> tuple[Checkpoint, Path]:
    """The checkpoint to sample from or evaluate: a file, or the best one of a run, else its last.

    Raises:
        CheckpointError: there is none, or it cannot be read.
    """
    if name is not None and Path(name).is_file():
        path = Path(name)
    else:
        run = find_run(name)
        path = run.best if run.best.is_file() else run.last
    return checkpoint.load(path), path
