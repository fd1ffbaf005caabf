"""The folder of a run: `config.yaml`, `metrics.jsonl`, `last.safetensors`, `best.safetensors`, and the encoded text."""

import difflib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from charrnn.config import SETTINGS, Config
from charrnn.errors import CheckpointError
from charrnn.files import Lock, replacing
from charrnn.hints import command
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint, Progress
from charrnn.text.source import from_path

RUNS = Path("runs")
LOCK = "lock"
STDIN = "stdin.txt"
_OURS = (
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
        if any(path.exists() for path in (self.last, self.best, self.metrics)):
            if not force:
                raise CheckpointError(
                    f"{self.folder} holds a run; --resume goes on with it, --force moves it aside, "
                    "--run DIR goes elsewhere"
                )
            moved = self._move_aside()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            foreign = sorted(path.name for path in self.folder.iterdir() if not _is_ours(path))
        except OSError as error:
            raise CheckpointError(
                f"the run folder {self.folder} cannot be made: {error.strerror}; name another with --run DIR"
            ) from None
        if foreign:
            raise CheckpointError(f"{self.folder} holds other files ({foreign[0]}), and no run; choose another --run")
        return moved

    def _move_aside(self) -> Path:
        """Rename the folder to the first of NAME.old, NAME.old2, ... that is free: nothing is ever deleted."""
        self.lock().release()  # nobody trains there
        folder = self.folder.resolve()
        names = (f"{folder.name}.old{number if number > 1 else ''}" for number in count(1))
        free = next(path for path in map(folder.with_name, names) if not path.exists())
        try:
            folder.rename(free)
        except OSError as error:
            raise CheckpointError(f"{self.folder} cannot be moved aside: {error.strerror}") from None
        return self.folder.parent / free.name

    def lock(self) -> Lock:
        """Keep other processes from training this run.

        Raises:
            StorageError: one of them trains it now.
        """
        return Lock(self.folder / LOCK)

    def discard(self, lock: Lock, moved: Path | None) -> None:
        """Give up a run that could not begin: remove what it wrote, and put back the one that `create` moved aside.

        In a folder that was there before, standard input is kept: it may be the text of the run that stood there.
        """
        lock.release()
        with suppress(OSError):
            for path in list(self.folder.iterdir()):
                if _is_ours(path) and (moved or path.name != STDIN):
                    path.unlink()
            self.folder.rmdir()
            if moved:
                moved.rename(self.folder)

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

    def seconds(self, progress: Progress) -> float:
        """Time trained up to a checkpoint: it keeps that itself only where time is the budget, else the metrics do."""
        times = [values["seconds"] for values in self.read_metrics() if values["step"] <= progress.step]
        return progress.seconds or (times[-1] if times else 0.0)

    def forget_metrics_after(self, step: int) -> None:
        """Drop what was written after the checkpoint that a run resumes from: it will be written again."""
        kept = [values for values in self.read_metrics() if values["step"] <= step]
        with replacing(self.metrics) as file:
            file.write("".join(json.dumps(values) + "\n" for values in kept).encode())


def _is_ours(path: Path) -> bool:
    """Whether a file in a run's folder was put there by a run, or is a temporary file of one."""
    return any(path.name == name or path.name.startswith(f".{name}.") for name in _OURS)


def list_runs() -> list[Run]:
    """The runs in `runs/`, the one written last first; those that --force moved aside are left out."""
    found = {
        path.parent: path.stat().st_mtime
        for path in RUNS.glob("*/*.safetensors")
        if path.name in ("last.safetensors", "best.safetensors")
    }
    return [Run(folder) for folder in sorted(found, key=found.__getitem__, reverse=True) if not is_aside(folder)]


def is_aside(folder: Path) -> bool:
    """Whether --force moved this run aside: it is named so, after a folder that is there."""
    name = re.fullmatch(r"(.+)\.old\d*", folder.name)
    return name is not None and folder.with_name(name[1]).exists()


def find_run(name: str | None) -> Run:
    """The run called `name`: a folder, or its name in `runs/`; None is the run that was written last.

    Raises:
        CheckpointError: there is none.
    """
    runs = list_runs()
    if name is None:
        if not runs:
            raise CheckpointError(f"there is no run in {RUNS}/ yet; charrnn train CORPUS makes one")
        return runs[0]
    for folder in (Path(name), RUNS / name):
        if Run(folder).last.is_file() or Run(folder).best.is_file():
            return Run(folder)
        if (folder / "config.yaml").is_file():
            raise CheckpointError(f"the run {folder} has no checkpoint yet; train it again from the start")
    names = [run.folder.name for run in runs]
    close = difflib.get_close_matches(Path(name).name, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are {_listed(names)}" if names else ""
    raise CheckpointError(f"there is no run {name!r}, neither as a folder nor in {RUNS}/{hint}")


def _listed(names: list[str], most: int = 5) -> str:
    """The first `most` of `names`, and a sign if there are more."""
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])


def load_model(name: str | None) -> tuple[Checkpoint, Path]:
    """The checkpoint to sample from or evaluate: a file, or the best one of a run, else its last.

    Raises:
        CheckpointError: there is none, or it cannot be read.
    """
    if name is not None and Path(name).is_file():
        path = Path(name)
        if _is_text(path):
            raise CheckpointError(f"{path} is a text, not a run; {_run_of(path)}")
    else:
        run = find_run(name)
        path = run.best if run.best.is_file() else run.last
    return checkpoint.load(path), path


def _is_text(path: Path) -> bool:
    """Whether a file that was named as a run is another file: a safetensors file has a brace as its ninth byte."""
    if path.suffix == ".safetensors":
        return False
    with path.open("rb") as file:
        return file.read(9)[8:] != b"{"


def _run_of(text: Path) -> str:
    """How to name the run that learned `text`, or how to train one."""
    folder = RUNS / from_path(text, glob=Config.glob).name
    if Run(folder).last.is_file():
        return f"its run is {folder}: {command('sample', folder.name)}"
    return f"train on it first: {command('train', text)}"
