"""Finding runs by name, and opening the checkpoint that a name means."""

import difflib
import re
from pathlib import Path

from charrnn.config import Config
from charrnn.errors import CheckpointError
from charrnn.hints import command, counted
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.run import ASIDE, RUNS, Run
from charrnn.text.files.source import from_path


def list_runs() -> list[Run]:
    """The runs in `runs/`, the one written last first; those that --force moved aside are left out."""
    found = {
        path.parent: path.stat().st_mtime
        for path in RUNS.glob("*/*.safetensors")
        if path.name in ("last.safetensors", "best.safetensors") and path.is_file()
    }
    return [Run(folder) for folder in sorted(found, key=found.__getitem__, reverse=True) if not is_aside(folder)]


def is_aside(folder: Path) -> bool:
    """Whether --force moved this run aside: it is named NAME.old, and there is a folder NAME."""
    name = re.fullmatch(f"(.+){ASIDE}", folder.name)
    return name is not None and folder.with_name(name[1]).exists()


def runs_in(folder: Path) -> list[Run]:
    """The runs in a folder of runs, such as a sweep's, by name; those that --force moved aside are left out."""
    found = [path.parent for path in sorted(folder.glob("*/last.safetensors"))]
    return [Run(each) for each in found if not is_aside(each)]


def is_run(name: str) -> bool:
    """Whether `name` is the folder of a run that has a checkpoint, its name in `runs/`, or a checkpoint file."""
    if Path(name).is_file() and not is_text(Path(name)):
        return True
    return any(Run(folder).last.is_file() or Run(folder).best.is_file() for folder in (Path(name), RUNS / name))


def find_run(name: str | None) -> Run:
    """The run called `name`: a folder, or its name in `runs/`; None is the run that was written last.

    Raises:
        CheckpointError: there is no such run.
    """
    runs = list_runs()
    if name is None:
        if not runs:
            raise CheckpointError(f"there is no run in {RUNS}/ yet; charrnn train CORPUS makes one")
        return runs[0]
    for folder in (Path(name), RUNS / name):
        if Run(folder).last.is_file() or Run(folder).best.is_file():
            return Run(folder)
        if Run(folder).config.is_file():
            anew = command("train", "CORPUS", "--run", folder)
            raise CheckpointError(f"the run {folder} has no checkpoint; {anew} starts it anew")
    for folder in (Path(name), RUNS / name):
        if inside := runs_in(folder):
            runs_there = f"{folder} is a folder of {counted(len(inside), 'run')}, such as a sweep's, not a run"
            raise CheckpointError(f"{runs_there}; {command('compare', name)} lists them")
    names = [run.folder.name for run in runs]
    close = difflib.get_close_matches(Path(name).name, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are {_listed(names)}" if names else ""
    raise CheckpointError(f"there is no run {name!r}, neither as a folder nor in {RUNS}/{hint}")


def _listed(names: list[str], most: int = 5) -> str:
    """The first `most` of `names`, and an ellipsis if there are more."""
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])


def load_model(name: str | None) -> tuple[Checkpoint, Path]:
    """The checkpoint to sample from or evaluate: a file, or the best checkpoint of a run, or else its last.

    Raises:
        CheckpointError: there is none, or it cannot be read.
    """
    if name is not None and Path(name).is_file():
        path = Path(name)
        if is_text(path):
            raise CheckpointError(f"{path} is a text, not a run; {_run_of(path)}")
    else:
        run = find_run(name)
        path = run.best if run.best.is_file() else run.last
    return checkpoint.load(path), path


def is_text(path: Path) -> bool:
    """Whether a file is not a safetensors file: the length of a header that the file can hold, and its brace."""
    if path.suffix == ".safetensors":
        return False
    with path.open("rb") as file:
        head = file.read(9)
    return head[8:] != b"{" or int.from_bytes(head[:8], "little") > path.stat().st_size


def _run_of(text: Path) -> str:
    """The end of a message: the run that learned `text`, or how to train one."""
    folder = RUNS / from_path(text, glob=Config.glob).name
    if Run(folder).last.is_file():
        return f"its run is {folder}: {command('sample', folder)}"
    return f"train on it first: {command('train', text)}"
