"""Where a text comes from: files in their order, a folder, several of both, or standard input."""

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import CorpusError
from charrnn.files import replacing
from charrnn.hints import counted
from charrnn.text.folder import texts_in
from charrnn.text.formats import COMPRESSED_SUFFIXES, content, content_size

# Bytes. Linux's page cache keeps a file in units as large as the writes that made it, and one access to a memory map
# makes a whole unit resident: larger blocks would multiply the memory of many parallel streams through a text.
BLOCK_SIZE = 1 << 16


@dataclass(frozen=True)
class Source:
    """Files that make up one text, in reading order, joined without anything between them.

    name: can be the name of a folder. description: a few words for people. notices: lines for the user about what was
    left out. shown_as: how messages call the only file, if its path would mean nothing to the user.
    """

    name: str
    files: tuple[Path, ...]
    description: str = ""
    notices: tuple[str, ...] = ()
    shown_as: str = ""

    @cached_property
    def size(self) -> int:
        """Bytes of content in all files; compressed files are read to their ends to count them, once.

        Raises:
            CorpusError: a file is gone, cannot be read, or is damaged.
        """
        return sum(content_size(file) for file in self.files)


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
        return Source(_folder_name(path.resolve().name), files, description, notices)
    if stat.S_ISREG(mode):
        return Source(_folder_name(_stem(path)), (path,), description=str(path))
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
        )
    else:
        source = first
    if source.size == 0:
        raise CorpusError(f"{source.description} is empty; choose a text with characters in it")
    return source


def from_stdin(stream: BinaryIO, folder: Path) -> Source:
    """A text from standard input, whose content is kept as `stdin.txt` in `folder`, because it is read twice.

    Raises:
        CorpusError: standard input is empty, cannot be read, or is damaged.
        StorageError: the file cannot be written.
    """
    path = folder / "stdin.txt"
    with replacing(path) as file:
        for block in content(stream, "standard input", BLOCK_SIZE):
            file.write(block)
        if file.tell() == 0:
            raise CorpusError("standard input is empty; pipe a text into it, or name a file")
    return Source("stdin", (path,), description="standard input", shown_as="standard input")


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise CorpusError(f"no file or folder {path} (looked for {path.absolute()}); check the path") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; check the path") from error


def _stem(path: Path) -> str:
    """The name of a file without its suffix: letters.txt and letters.txt.gz are both letters."""
    return Path(path.stem).stem if path.suffix in COMPRESSED_SUFFIXES else path.stem


def _folder_name(name: str) -> str:
    """`name` with only letters, digits and `_.-`, not hidden, and short."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:60] or "text"
