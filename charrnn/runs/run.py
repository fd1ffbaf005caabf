"""The folder of a run: `config.yaml`, `metrics.jsonl`, `last.safetensors`, `best.safetensors`, and the encoded text."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config import SETTINGS, Config
from charrnn.files import Lock, replacing, writing
from charrnn.runs.checkpoint import Progress

RUNS = Path("runs")
LOCK = "lock"
ASIDE = r"\.old\d*"  # the end of the name of a run that --force moved aside
STDIN = "stdin.txt"
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

    def lock(self) -> Lock:
        """Keep other processes from training this run.

        Raises:
            StorageError: one of them trains it now.
        """
        return Lock(self.folder / LOCK)

    def write_config(self, config: Config, given_by: dict[str, str]) -> None:
        """Write `config.yaml`: every setting, with its source; `--config` reads it back."""
        lines = ["# Settings of this run; charrnn train CORPUS --config with this file repeats it."]
        for name in SETTINGS:
            value = getattr(config, name)
            if value is not None:
                comment = f"  # {given_by[name]}" if name in given_by else ""
                lines.append(f"{name}: {json.dumps(value)}{comment}")
        with replacing(self.folder / "config.yaml") as file:
            file.write(("\n".join(lines) + "\n").encode())

    def append_metrics(self, values: dict[str, Any]) -> None:
        """Add a line to the metrics.

        Raises:
            StorageError: it cannot be written; part of it may be in the file, which `read_metrics` leaves out.
        """
        with writing(self.metrics), self.metrics.open("a", encoding="utf-8") as file:
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

    def seconds(self, progress: Progress) -> float:
        """Seconds trained up to a checkpoint: from itself if time is the budget, or else from the metrics."""
        times = [values["seconds"] for values in self.read_metrics() if values["step"] <= progress.step]
        return progress.seconds or (times[-1] if times else 0.0)

    def forget_metrics_after(self, step: int) -> None:
        """Drop the lines after the checkpoint that a run resumes from: they will be written again."""
        kept = [values for values in self.read_metrics() if values["step"] <= step]
        with replacing(self.metrics) as file:
            file.write("".join(json.dumps(values) + "\n" for values in kept).encode())


def is_own_file(path: Path) -> bool:
    """Whether a file in a run's folder was put there by a run, or is a temporary file of one."""
    return any(path.name == name or path.name.startswith(f".{name}.") for name in _OWN_FILES)
