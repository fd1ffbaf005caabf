"""How often each file of a text is learned in an epoch: the setting `weight`, applied after the text is cut."""

import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from charrnn.config import Config
from charrnn.errors import SettingError
from charrnn.hints import counted
from charrnn.text.files.source import Source

_LARGEST = 1000
_NAMED = 3  # files that a message names


def weights_of(source: Source, config: Config) -> tuple[int, ...]:
    """How often the training part of each of `source.files` is read in an epoch: 1, unless `config.weight` says more.

    A pattern fits a file's path as it was named, its path in the folder that it came from, the end of that path after
    any folder in it, and the name of the text. Its * also stands for /. Of several patterns that fit, the last counts.

    Raises:
        SettingError: an entry is not GLOB=N, fits no file, or all files would count alike.
    """
    weights = [1] * len(source.files)
    names = [(text.folder, _names(text, file)) for text in source.texts or (source,) for file in text.files]
    for pattern, number in _entries(config.weight):
        fitting = [place for place, each in enumerate(names) if _fits(pattern, *each)]
        if not fitting:
            raise _wrong(f"{pattern!r} fits no file of {source.description}, such as {_some(source)}")
        for place in fitting:
            weights[place] = number
    if config.weight and len(set(weights)) == 1:
        raise _wrong(
            f"counts all files of {source.description} {_times(weights[0])}, which changes nothing; leave it out"
        )
    return tuple(weights)


def notice(weights: tuple[int, ...]) -> str:
    """A line that says how many files count how often; empty if all count once."""
    counts = Counter(weights)
    del counts[1]
    parts = [f"{number} of {counted(len(weights), 'file')} {_times(times)}" for times, number in sorted(counts.items())]
    return f"each epoch reads {', '.join(parts)} (--weight)" if parts else ""


def _entries(weight: str) -> Iterator[tuple[str, int]]:
    """The patterns of a setting, and their numbers."""
    for entry in weight.split(",") if weight else ():
        pattern, equals, number = entry.strip().rpartition("=")
        if not (equals and pattern):
            raise _wrong(f"{entry!r} is not GLOB=N; write such as '*.txt=2'")
        if not (re.fullmatch("[0-9]{1,4}", number) and 1 <= int(number) <= _LARGEST):
            raise _wrong(f"{number!r} in {entry!r} is not a whole number from 1 to {_LARGEST}")
        yield pattern, int(number)


def _names(text: Source, file: Path) -> list[str]:
    """What a pattern may call a file: the name of its text, its path, and what is left of that after its folders.

    The path is that in the folder that the text came from: folders above it say nothing about the file.
    """
    if text.folder is None:
        return [text.name, file.as_posix(), file.name]
    parts = file.relative_to(text.folder).parts
    return [text.name, *("/".join(parts[first:]) for first in range(len(parts)))]


def _fits(pattern: str, folder: Path | None, names: list[str]) -> bool:
    """Whether a pattern fits one of the names of a file; it may begin with the folder that was named."""
    pattern = pattern.removeprefix("./")
    if folder is not None:
        pattern = pattern.removeprefix(f"{folder.as_posix()}/")
    return any(fnmatchcase(name, pattern) for name in names)


def _some(source: Source) -> str:
    """The first files of a text, by the shortest names that patterns know."""
    return ", ".join(file.name for file in source.files[:_NAMED])


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _wrong(why: str) -> SettingError:
    return SettingError(f"weight {why}", "weight")
