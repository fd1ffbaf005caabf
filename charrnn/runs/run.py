"""The folder of a run: `config.yaml`, `metrics.jsonl`, `last.safetensors`, `best.safetensors`, and the encoded text."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from charrnn.config import SETTINGS, Config
from charrnn.files import Lock, append, remove_leftovers, replacing, writer_of
from charrnn.runs.checkpoint import Progress
from charrnn.runs.metrics import Row, forget_after, read_rows

RUNS = Path("runs")
LOCK = "lock"
ASIDE = r"\.old\d*"  # the end of the name of a run that --force moved aside
STDIN = "stdin.txt"
DAMAGED = ".damaged"  # the end of the name of a checkpoint that cannot be read
_OWN_FILES = (
    "config.yaml",
    "metrics.jsonl",
    "last.safetensors",
    "best.safetensors",
    "tokens.bin",
    "tokens.json",
    STDIN,
    LOCK,
)


@dataclass(frozen=True)
class Run:
    """The files of a run."""

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

    @property
    def config(self) -> Path:
        """All settings."""
        return self.folder / "config.yaml"

    @property
    def has_checkpoint(self) -> bool:
        """Whether anything is there that training could lose."""
        return self.last.exists() or self.best.exists()

    def lock(self) -> Lock:
        """Keep other processes from training this run, and remove temporary files of those that were killed.

        Raises:
            StorageError: one of them trains it now.
        """
        lock = Lock(self.folder / LOCK)
        remove_leftovers(self.folder, _OWN_FILES, lock)
        return lock

    def write_config(self, config: Config, given_by: dict[str, str]) -> None:
        """Write `config.yaml`: every setting, with its source; `--config` reads it back."""
        lines = ["# Settings of this run; charrnn train CORPUS --config with this file repeats it."]
        for name in SETTINGS:
            value = getattr(config, name)
            if value is not None:
                comment = f"  # {given_by[name]}" if name in given_by else ""
                lines.append(f"{name}: {json.dumps(value)}{comment}")
        with replacing(self.config) as file:
            file.write(("\n".join(lines) + "\n").encode())

    def append_metrics(self, rows: Iterable[Row]) -> None:
        """Add lines to the metrics, and wait until they are on the disk.

        Raises:
            OSError: they cannot be written.
        """
        append(self.metrics, "".join(json.dumps(row) + "\n" for row in rows).encode())

    def read_metrics(self) -> list[Row]:
        """All lines of the metrics that can be read; see `charrnn.runs.metrics`."""
        return read_rows(self.metrics)

    def seconds(self, progress: Progress) -> float:
        """Seconds trained up to a checkpoint: from itself if time is the budget, or else from the metrics."""
        times = [row["seconds"] for row in self.read_metrics() if row["step"] <= progress.step]
        return progress.seconds or (times[-1] if times else 0.0)

    def forget_metrics_after(self, progress: Progress) -> None:
        """Erase the lines after the checkpoint that a run resumes from: they will be written again."""
        forget_after(self.metrics, progress.step, progress.evaluations)


def is_own_file(path: Path) -> bool:
    """Whether a file in a run's folder was put there by a run, or is a temporary file of one, or one set aside."""
    return path.name.removesuffix(DAMAGED) in _OWN_FILES or writer_of(path, _OWN_FILES) is not None
