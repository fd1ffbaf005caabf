"""The texts in a folder: files that match a pattern and are not hidden, binary, or part of a run."""

import os
from collections.abc import Iterable
from pathlib import Path

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.hints import command, counted
from charrnn.text.formats import head_of, is_binary

_NAMED = 3  # folders that a message names; it counts the others


def texts_in(folder: Path, glob: str, *, binary: bool) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """The files of `folder` that match `glob`, sorted by their paths in it, and lines that say what was left out.

    Hidden files and folders are skipped silently, and links to folders are not followed. Run folders are left out, so
    that no run learns from the files of another; so are binary files, unless `binary` is true.

    Raises:
        CorpusError: nothing is left, `glob` is not a pattern, or a file cannot be read.
    """
    matching = _matching(folder, glob)
    runs = _run_folders(matching, folder)
    outside = [file for file in matching if runs.isdisjoint(file.parents)]
    files = outside if binary else [file for file in outside if not is_binary(head_of(file))]
    left_out = _left_out(len(outside) - len(files), sorted(runs), _closed_folders(folder))
    if folder in runs:
        again = command("train", "--resume", "--run", folder)
        raise CorpusError(f"{folder} is the folder of a run, not a text; {again} continues that run")
    if not files:
        raise CorpusError(_why_nothing(folder, glob, left_out))
    return tuple(files), (left_out,) if left_out else ()


def _matching(folder: Path, glob: str) -> list[Path]:
    """The files that match and are not hidden, by their paths in `folder`."""
    try:
        found = {path.relative_to(folder).as_posix(): path for path in folder.glob(glob) if path.is_file()}
    except (ValueError, NotImplementedError) as error:
        raise CorpusError(f"--glob {glob!r} is not a pattern of paths: {error}; try '**/*.txt'") from error
    except OSError as error:
        raise CorpusError(f"cannot read {error.filename}: {error.strerror}; leave it out with --glob") from error
    return [found[name] for name in sorted(found) if not any(each.startswith(".") for each in name.split("/"))]


def _closed_folders(folder: Path) -> list[Path]:
    """The folders below `folder` that are not hidden and cannot be read, which patterns pass over silently."""
    closed: list[Path] = []
    for place, inner, _ in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        closed += [Path(place, name) for name in inner if not os.access(Path(place, name), os.R_OK | os.X_OK)]
    return closed


def _run_folders(files: Iterable[Path], root: Path) -> set[Path]:
    """The outermost run folders among `root` and the folders below it that hold `files`."""
    known: dict[Path, Path | None] = {}

    def run_above(folder: Path) -> Path | None:
        if folder not in known:
            above = run_above(folder.parent) if folder != root else None
            known[folder] = above or (folder if _is_run(folder) else None)
        return known[folder]

    return {run for file in files if (run := run_above(file.parent))}


def _is_run(folder: Path) -> bool:
    """Whether it has the settings of a run, and its checkpoints, or at least its encoded text."""
    has_more = any(next(folder.glob(pattern), None) for pattern in ("*.safetensors", "tokens.bin"))
    return has_more and (folder / "config.yaml").is_file()


def _why_nothing(folder: Path, glob: str, left_out: str) -> str:
    """A message about a folder with no text in it; `left_out` says what was left out of it, if anything was."""
    if next(folder.iterdir(), None) is None:
        return f"the folder {folder} is empty; put a text into it, or name another"
    wanted = "is a text" if glob == Config.glob else f"matches --glob {glob!r}"
    why = f"; {left_out}" if left_out else " (hidden ones are skipped)"
    return f"no file in the folder {folder} {wanted}{why}"


def _left_out(binary: int, runs: list[Path], closed: list[Path]) -> str:
    """A line with the numbers, and the first folders by name; empty if nothing was left out."""
    things = [counted(binary, "binary file")] if binary else []
    for folders, kind in ((runs, "run folder"), (closed, "unreadable folder")):
        if folders:
            more = f" and {len(folders) - _NAMED} more" if len(folders) > _NAMED else ""
            things.append(f"{counted(len(folders), kind)} ({', '.join(map(str, folders[:_NAMED]))}{more})")
    return f"left out {' and '.join(things)}" if things else ""
