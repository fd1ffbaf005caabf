"""Files that are called train, valid, test or the like: parts of a text by their names.

Other data sets name their parts so: ptb.train.txt, wiki.valid.tokens, a folder dev/ beside a folder train/.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from charrnn.text.files.own_parts import PARTS, holding_out, keeping
from charrnn.text.files.source import Source

BY_NAME = "by-name"  # a value of the settings val and test

_WORDS = {
    **dict.fromkeys(("train", "training", "trn", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "devel", "development", "eval", "devset", "valset"), "val"),
    **dict.fromkeys(("test", "tst", "testing", "testset"), "test"),
}
_ABOUT = ("readme", "license", "licence", "copying", "copyright", "changelog", "citation", "notice", "manifest")
_NAMED = 3  # files that a message names


def suggested(source: Source) -> dict[str, str]:
    """The settings val and test, if the name of every file says which part it is; else empty.

    One file at least must be there to learn, and one to hold out. Files about the others, such as README.md, need not
    say it.
    """
    found = {part for file, part in _parts(source).items() if part or not _is_about(file)}
    if None in found or "train" not in found:
        return {}
    return {part: BY_NAME for part in PARTS if part in found}


def with_named_part(source: Source, part: str) -> Source:
    """`source` with the files that are called like `part` as that part, and without files about the others."""
    parts = _parts(source)
    chosen = tuple(file for file in source.files if parts[file] == part)
    rest = keeping(source, lambda file: parts[file] != part and (parts[file] is not None or not _is_about(file)))
    return holding_out(rest, part, chosen)


def notice(before: Source, after: Source) -> str:
    """A line that says which files of `before` were held out by their names in `after`, and how to undo it."""
    kept = {*after.all_files}
    left_out = [file for file in before.files if file not in kept]
    uses = {"trained": after.files, "validated": after.val, "tested": after.test}
    used = ", ".join(f"{verb} on {_listed(files, before)}" for verb, files in uses.items() if files)
    without = f" ({_listed(left_out, before)} left out)" if left_out else ""
    return f"{used}, as names of files say{without}; --val-fraction 0.1 holds out a share of all files instead"


def pooled_notice(source: Source) -> str:
    """A line about files that are learned although their names say that they are to be held out; empty without any.

    A word within a name says little if there is nothing called train, as in test_parser.py; a whole name does.
    """
    parts = _parts(source)
    is_split = "train" in parts.values()
    looks = {
        part: [file for file, named in parts.items() if named == part and (is_split or _is_called(file, part))]
        for part in PARTS
    }
    together = [*looks["val"], *looks["test"]]
    if not together or len(together) == len(source.files):
        return ""
    options = " ".join(f"--{part} {BY_NAME}" for part in PARTS if looks[part])
    look, are = ("looks", "is") if len(together) == 1 else ("look", "are")
    return f"{_listed(together, source)} {look} held out by name, but {are} learned; {options} holds out such files"


def _parts(source: Source) -> dict[Path, str | None]:
    """The part that the name of each file says; folders above all of the files do not count."""
    return {file: _part(name) for file, name in _names(source).items()}


def _names(source: Source) -> dict[Path, Path]:
    """The path of each file in the folder that has all of them."""
    paths = {file: Path(os.path.abspath(file)) for file in source.files}
    above = os.path.commonpath([path.parent for path in paths.values()]) if paths else ""
    return {file: path.relative_to(above) for file, path in paths.items()}


def _part(path: Path) -> str | None:
    """The part that a path says: the first folder with such a word counts, or the name of the file; None if unclear."""
    for name in path.parts:
        if found := {_WORDS[word] for word in _words(name) if word in _WORDS}:
            return found.pop() if len(found) == 1 else None
    return None


def _is_called(path: Path, part: str) -> bool:
    """Whether the whole name of a file, or of its folder, says the part."""
    return any(_WORDS.get(name.casefold()) == part for name in (path.name.partition(".")[0], path.parent.name))


def _is_about(path: Path) -> bool:
    return _words(path.name)[:1] != [] and _words(path.name)[0] in _ABOUT


def _words(name: str) -> list[str]:
    """The words of a name: what is between its dots, dashes, digits and blanks."""
    return re.findall(r"[^\W\d_]+", name.casefold())


def _listed(files: Sequence[Path], source: Source) -> str:
    """The names of files of `source`; only the first ones if there are many."""
    names = _names(source)
    shown = ", ".join(names[file].as_posix() for file in files[:_NAMED])
    return shown if len(files) <= _NAMED else f"{len(files)} files ({shown}, ...)"
