"""Files of their own to validate and to test on: they are taken out of the text if they are among its files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from charrnn.errors import CorpusError
from charrnn.hints import counted
from charrnn.text.files.source import Source

PARTS = ("val", "test")  # settings, and attributes of a Source


def with_part(source: Source, part: str, own: Source, name: str) -> Source:
    """`source` with the files of `own` as its `part`, which the user called `name`.

    Files of the text that are also in the part are no longer learned, as when a folder is the text and the part is one
    of its files.

    Raises:
        CorpusError: nothing is left to learn, or another part has one of the files.
    """
    option = f"--{part} {name}"
    mine = {_identity(file) for file in own.files}
    for other in PARTS:
        if other != part and any(_identity(file) in mine for file in getattr(source, other)):
            raise CorpusError(f"{option} is also the file of --{other}; name another, or leave one of them out")
    rest = keeping(source, lambda file: _identity(file) not in mine)
    if not rest.files:
        raise CorpusError(f"{option} is the text itself; name another file, or leave out --{part}")
    description = f"{source.description}, {option}"
    notices = [*source.notices, *own.notices]
    if taken := len(source.files) - len(rest.files):
        is_learned = "is not learned" if taken == 1 else "are not learned"
        notices.append(f"{counted(taken, 'file')} of the text {is_learned}: {option} holds out what is in it")
    return holding_out(replace(rest, description=description, notices=tuple(notices)), part, own.files)


def keeping(source: Source, wanted: Callable[[Path], bool]) -> Source:
    """`source` with only the `wanted` files to learn."""
    texts = tuple(replace(text, files=tuple(filter(wanted, text.files))) for text in source.texts)
    return replace(source, files=tuple(filter(wanted, source.files)), texts=texts)


def holding_out(source: Source, part: str, files: tuple[Path, ...]) -> Source:
    """`source` with `files` as its `part`."""
    return replace(source, val=files) if part == "val" else replace(source, test=files)


def _identity(file: Path) -> tuple[int, int]:
    """The same for all names of a file.

    Raises:
        CorpusError: it is gone.
    """
    try:
        known = file.stat()
    except OSError as error:
        raise CorpusError(f"cannot read {file}: {error.strerror}; check the path") from error
    return known.st_dev, known.st_ino
