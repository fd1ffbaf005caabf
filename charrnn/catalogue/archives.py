"""Reads text from archives: the chosen members are joined in memory, and nothing is unpacked to the disk.

A member's name can therefore do no harm: it is only compared with patterns, those of `fnmatch`, whose `*` also matches
`/`. Members are joined in the order of the patterns, and sorted by name within each.
"""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import IO

from charrnn.errors import CorpusError

MAX_TEXT = 1 << 26  # bytes, unpacked; a small archive can claim to hold any amount

_AR_MAGIC = b"!<arch>\n"


def zip_text(path: Path, patterns: Sequence[str]) -> bytes:
    """The matching members of a zip archive, joined.

    Raises:
        CorpusError: it is not a zip archive, or damaged, a pattern has no member, or there is too much text.
    """
    with _opening(path), zipfile.ZipFile(path) as archive:
        return _joined(((info.filename, partial(archive.open, info)) for info in archive.infolist()), patterns)


def tar_text(path: Path, patterns: Sequence[str]) -> bytes:
    """The matching members of a tar archive, compressed or not, joined.

    Raises:
        CorpusError: it is not a tar archive, or damaged, a pattern has no member, or there is too much text.
    """
    with _opening(path), path.open("rb") as file:
        return _tar_text(file, patterns)


def deb_text(path: Path, archive: str, patterns: Sequence[str]) -> bytes:
    """The matching members of the tar archive `archive` in a Debian package, joined.

    Raises:
        CorpusError: it is not a Debian package, or damaged, has no such archive or members, or there is too much text.
    """
    with _opening(path), path.open("rb") as file:
        _seek_data(file)
        with tarfile.open(fileobj=file, mode="r|*") as package:
            for member in package:
                if member.name.removeprefix("./") == archive:
                    with _member(package, member) as inner:
                        return _tar_text(inner, patterns)
    raise CorpusError(f"{path.name} has no member {archive}")


def _tar_text(file: IO[bytes], patterns: Sequence[str]) -> bytes:
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        files = ((each.name, partial(_member, archive, each)) for each in archive if each.isfile())
        return _joined(files, patterns)


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise tarfile.ReadError(f"{info.name} is not a file")
    return file


def _seek_data(file: IO[bytes]) -> None:
    """Go to the tar archive with the files of a Debian package.

    The package is an `ar` archive: headers of 60 bytes, each followed by a member.
    """
    if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise tarfile.ReadError("not an ar archive")
    while header := file.read(60):
        if header.startswith(b"data.tar"):
            return
        size = int(header[48:58])
        file.seek(size + size % 2, 1)  # members begin at even offsets
    raise tarfile.ReadError("it has no data.tar")


def _joined(members: Iterable[tuple[str, Callable[[], IO[bytes]]]], patterns: Sequence[str]) -> bytes:
    found: dict[tuple[int, str], bytes] = {}
    room = MAX_TEXT
    for name, opened in members:
        place = next((place for place, pattern in enumerate(patterns) if fnmatchcase(name, pattern)), None)
        if place is None:
            continue
        with opened() as file:
            text = file.read(room + 1)
        room -= len(text)
        if room < 0:
            raise CorpusError(f"the archive holds more than {MAX_TEXT} bytes of text")
        found[place, name] = text if text.endswith(b"\n") else text + b"\n"
    missing = set(range(len(patterns))) - {place for place, _ in found}
    if missing:
        raise CorpusError(f"the archive has no member {patterns[min(missing)]}")
    return b"".join(found[key] for key in sorted(found))


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise CorpusError(f"{path.name} cannot be read as an archive ({error})") from error
