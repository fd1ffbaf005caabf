"""Where a text comes from: files in their order, a folder, several of both, standard input, or another pipe."""

import io
import logging
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Timer
from typing import BinaryIO

from charrnn.errors import CorpusError, StorageError
from charrnn.files import replacing
from charrnn.hints import OnProgress, counted
from charrnn.text.files.folder import texts_in
from charrnn.text.files.formats import COMPRESSED_SUFFIXES, content, content_size

log = logging.getLogger(__name__)

_RESERVE = 1 << 30  # bytes of a disk that a text from a pipe leaves free
_LARGE = 1 << 26  # bytes; smaller texts from a pipe may fill the disk

# Bytes. Linux's page cache keeps a file in units as large as the writes that made it, and one access to a memory map
# makes a whole unit resident: larger blocks would multiply the memory of many parallel streams through a text.
BLOCK_SIZE = 1 << 16

PATIENCE = 2.0  # seconds without a text from a pipe, after which a note says so


@dataclass(frozen=True)
class Source:
    """Files that make up one text, in reading order.

    name: can be the name of a folder. description: a few words for people. notices: lines for the user about what was
    left out. shown_as: how messages call the only file, if its path would mean nothing to the user. texts: the texts
    that were joined, if there were several. val, test: files of their own to validate and to test on, read after
    `files`; without them, shares of `files` are held out. folder: the folder that all files came from, if it is one.
    """

    name: str
    files: tuple[Path, ...]
    description: str = ""
    notices: tuple[str, ...] = ()
    shown_as: str = ""
    texts: tuple["Source", ...] = ()
    val: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()
    folder: Path | None = None

    @property
    def all_files(self) -> tuple[Path, ...]:
        """The files of all parts, in reading order."""
        return self.files + self.val + self.test

    @cached_property
    def size(self) -> int:
        """Bytes of content in all files; compressed files are read to their ends to count them, once.

        Raises:
            CorpusError: a file is gone, cannot be read, or is damaged.
        """
        return sum(content_size(file) for file in self.all_files)


def from_path(path: Path, *, glob: str, binary: bool = False) -> Source:
    """A text from one file, or from the files of a folder that match `glob`; see `texts_in`.

    Raises:
        CorpusError: it does not exist, is not readable, is neither a file nor a folder, or nothing in the folder
        matches.
    """
    mode = _stat(path).st_mode
    if not os.access(path, os.R_OK):
        raise CorpusError(f"{path} is not readable; change its permissions")
    if stat.S_ISDIR(mode):
        files, notices = texts_in(path, glob, binary=binary)
        description = f"{path} ({counted(len(files), 'file')})"
        return Source(_folder_name(path.resolve().name), files, description, notices, folder=path)
    if stat.S_ISREG(mode):
        return Source(_folder_name(_stem(path)), (path,), description=str(path))
    if stat.S_ISSOCK(mode):
        raise CorpusError(f"{path} is a socket, not a text; name a file or a folder")
    raise CorpusError(
        f"{path} is a device or a pipe, which cannot be read twice; redirect it to standard input, and name - as "
        "the text"
    )


def joined(sources: Sequence[Source]) -> Source:
    """Join several texts into one, which is read in turn and named after the first.

    Raises:
        CorpusError: all of them are empty, or one cannot be read.
    """
    first, *others = sources
    if others:
        source = Source(
            first.name,
            tuple(chain.from_iterable(each.files for each in sources)),
            f"{first.description} and {len(others)} more",
            tuple(chain.from_iterable(each.notices for each in sources)),
            texts=tuple(sources),
        )
    else:
        source = first
    if source.size == 0:
        raise CorpusError(f"{source.description} is empty; choose a text with characters in it")
    return source


def from_stdin(stream: BinaryIO, folder: Path, progress: OnProgress | None = None) -> Source:
    """A text from standard input, whose content is kept as `stdin.txt` in `folder`, because it is read twice.

    `progress` is called with the bytes read so far and 0, as their total is unknown; an error that it raises ends the
    reading.

    Raises:
        CorpusError: standard input is empty, cannot be read, or is damaged.
        StorageError: the file cannot be written.
    """
    path = folder / "stdin.txt"
    with _waiting("standard input") as arrived:
        _keep(stream, "standard input", path, arrived, progress, if_empty="pipe a text into it, or name a file")
    return kept_stdin(path)


def kept_stdin(path: Path) -> Source:
    """The text from standard input that is kept in the file `path`."""
    return Source("stdin", (path,), description="standard input", shown_as="standard input")


def is_pipe(path: Path) -> bool:
    """Whether `path` is a named pipe or a terminal, such as the /dev/fd/63 that a shell makes of <(command)."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a NUL character
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def from_pipe(path: Path, folder: Path, progress: OnProgress | None = None) -> Source:
    """A text from a pipe (see `is_pipe`), which is read once; its content is kept as `pipe.txt` in `folder`.

    `progress` is that of `from_stdin`.

    Raises:
        CorpusError: the pipe is empty, cannot be read, or is damaged.
        StorageError: the file cannot be written.
    """
    kept = folder / "pipe.txt"
    try:
        with _waiting(str(path)) as arrived, path.open("rb") as stream:
            _keep(stream, str(path), kept, arrived, progress, if_empty="choose a text with characters in it")
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; check the path") from error
    return Source(_folder_name(path.name), (kept,), description=str(path), shown_as=str(path))


@contextmanager
def _waiting(name: str) -> Iterator[Callable[[], None]]:
    """Say that no text arrives from `name`, unless the function that this yields is called within a few seconds."""
    timer = Timer(PATIENCE, log.info, ("waiting for text from %s", name))
    timer.daemon = True
    with suppress(RuntimeError):  # no thread can be started; the note is all that it would be for
        timer.start()
    try:
        yield timer.cancel
    finally:
        timer.cancel()


def _keep(
    stream: BinaryIO,
    name: str,
    path: Path,
    arrived: Callable[[], None],
    progress: OnProgress | None,
    *,
    if_empty: str,
) -> None:
    """Write the content of `stream` into the file `path`; `if_empty` ends the message about a stream without any.

    A stream without an end is refused before it fills the disk.
    """
    if stream.isatty():
        arrived()
        log.info("reading from the terminal; Ctrl-D ends the text")
        stream = io.BytesIO(stream.read())  # at once: every read after the first Ctrl-D would wait for another one
    with replacing(path) as file:
        for block in content(stream, name, BLOCK_SIZE):
            arrived()
            file.write(block)
            if file.tell() > _LARGE and shutil.disk_usage(path.parent).free < _RESERVE:
                raise StorageError(
                    f"{name} has more than {file.tell() / 1e9:,.1f} GB, and {path.parent} has room for hardly more; "
                    "cut it, as with head -c, or choose another folder"
                )
            if progress:
                progress(file.tell(), 0)
        if file.tell() == 0:
            raise CorpusError(f"{name} is empty; {if_empty}")


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise CorpusError(f"{path} is a link to {os.readlink(path)}, which is not there; check the link") from error
        raise CorpusError(f"no file or folder {path}{_looked_for(path)}; check the path") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; check the path") from error


def _looked_for(path: Path) -> str:
    try:
        return f" (looked for {path.absolute()})"
    except OSError:
        return " (and the current folder is gone)"


def _stem(path: Path) -> str:
    """The name of a file without its suffix: letters.txt and letters.txt.gz are both letters."""
    return Path(path.stem).stem if path.suffix in COMPRESSED_SUFFIXES else path.stem


def _folder_name(name: str) -> str:
    """`name` with only letters, digits and `_.-`, not hidden, and short."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:60] or "text"
