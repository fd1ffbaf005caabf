"""Where a text comes from: files in an order, read in blocks, and checked on the way.

A text is never held whole: files of many gigabytes pass through in blocks, each pass with its own `Reader`.
"""

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import AnyStr, BinaryIO

from charrnn.errors import CorpusError
from charrnn.files import replacing

# Bytes. What is written in larger blocks lies in larger folios of Linux's page cache, and one read of a map makes a
# whole folio resident: with blocks of 1 MiB, 50 parallel streams through a text held 50 MB instead of 4.
BLOCK_SIZE = 1 << 16
_COUNTED = "charrnn-counted"  # the name of an error handler: decoders know handlers by name only

Handler = Callable[[UnicodeError], tuple[str | bytes, int]]


@dataclass(frozen=True)
class Source:
    """Files that make up one text, in reading order, joined without anything between them.

    `name` is fit for a folder's name, `description` for a line on the screen.
    """

    name: str
    files: tuple[Path, ...]
    description: str = ""

    @property
    def size(self) -> int:
        """Bytes in all files.

        Raises:
            CorpusError: a file is gone or cannot be looked at.
        """
        return sum(_stat(file).st_size for file in self.files)


def from_path(path: Path, *, glob: str) -> Source:
    """A text from one file, or from the files of a folder that match `glob`, sorted by their path in it.

    Hidden files and folders are skipped, and linked folders are not descended into.

    Raises:
        CorpusError: not found, not readable, neither file nor folder, empty, or nothing matches.
    """
    mode = _stat(path).st_mode
    if not os.access(path, os.R_OK):
        raise CorpusError(f"{path} is not readable; change its permissions")
    if stat.S_ISDIR(mode):
        files = _matching(path, glob)
        source = Source(_folder_name(path.resolve().name), files, description=f"{path} ({_count(files)})")
    elif stat.S_ISREG(mode):
        source = Source(_folder_name(path.stem), (path,), description=str(path))
    else:
        raise CorpusError(f"{path} is a device or a pipe, which cannot be read twice; give it as standard input and -")
    if source.size == 0:
        raise CorpusError(f"{source.description} is empty; choose a text with characters in it")
    return source


def from_stdin(stream: BinaryIO, folder: Path) -> Source:
    """A text from standard input, kept as `stdin.txt` in `folder` because it is read twice.

    Raises:
        CorpusError: nothing comes, it cannot be read, or the file cannot be written.
    """
    path = folder / "stdin.txt"
    with replacing(path) as file:
        for block in _blocks(stream, "standard input", BLOCK_SIZE):
            file.write(block)
        if file.tell() == 0:
            raise CorpusError("standard input is empty; pipe a text into it, or name a file")
    return Source("stdin", (path,), description="standard input")


def sha256_of(source: Source) -> str:
    """Of all bytes of a text, as a hexadecimal number.

    Raises:
        CorpusError: a file cannot be read.
    """
    reader = Reader(source)
    for _ in reader.raw():
        pass
    return reader.sha256.hexdigest()


class Reader:
    """One pass over a text; what it meets on the way stands in its attributes.

    size: bytes read so far. sha256: digest object over these raw bytes. crlf: CRLF line ends met. boms: byte order
    marks removed. undecoded: bytes that are not in the encoding, ignored or replaced. `progress`, if given, is
    called with `size` after each block.
    """

    def __init__(
        self, source: Source, *, block_size: int = BLOCK_SIZE, progress: Callable[[int], None] | None = None
    ) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.crlf = 0
        self.boms = 0
        self.undecoded = 0
        self._files = source.files
        self._block_size = block_size
        self._progress = progress

    def text(self, *, encoding: str = "utf-8", errors: str = "strict", newlines: str = "keep") -> Iterator[str]:
        """The characters, piece by piece, without byte order marks; `newlines` 'lf' makes CRLF line ends LF.

        Raises:
            CorpusError: a file cannot be read, a byte is not in the encoding, or there is no such encoding.
        """
        new_decoder = _decoder_class(encoding)
        for file in self._files:
            yield from self._line_ends(self._decoded(file, new_decoder, encoding, errors), "\r\n", newlines)

    def raw(self, *, newlines: str = "keep") -> Iterator[bytes]:
        """The bytes, piece by piece, as they are unless `newlines` is 'lf'.

        Raises:
            CorpusError: a file cannot be read.
        """
        for file in self._files:
            yield from self._line_ends(self._read(file), b"\r\n", newlines)

    def _read(self, file: Path) -> Iterator[bytes]:
        try:
            stream = file.open("rb")
        except OSError as error:
            raise CorpusError(f"cannot read {file}: {error.strerror}; check the file") from error
        with stream:
            for block in _blocks(stream, str(file), self._block_size):
                self.sha256.update(block)
                self.size += len(block)
                yield block
                if self._progress:
                    self._progress(self.size)

    def _decoded(
        self, file: Path, new_decoder: Callable[[str], codecs.IncrementalDecoder], encoding: str, errors: str
    ) -> Iterator[str]:
        decoder = new_decoder("strict" if errors == "strict" else _COUNTED)
        count = self._counting(codecs.lookup_error(errors))
        end = 0
        at_start = True
        for block in chain(self._read(file), [b""]):
            end += len(block)
            codecs.register_error(_COUNTED, count)  # anew, as another reader may have been at work since
            try:
                piece = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                # What the decoder held back and the block are one object to it: only the end is sure.
                offset = end - len(error.object) + error.start
                raise CorpusError(self._not_decoded(file, error.object[error.start], offset, encoding)) from error
            except UnicodeError as error:  # UTF-16 and UTF-32 without the mark that tells the byte order
                raise CorpusError(f"{file} is not {encoding}: {error}; name another --encoding, or --bytes") from error
            if at_start and piece:
                at_start = False
                self.boms += piece[0] == "\ufeff"
                piece = piece.removeprefix("\ufeff")
            yield piece

    def _counting(self, handle: Handler) -> Handler:
        """`handle`, the bytes that it is called for counted."""

        def count(error: UnicodeError) -> tuple[str | bytes, int]:
            self.undecoded += error.end - error.start
            return handle(error)

        return count

    def _not_decoded(self, file: Path, byte: int, offset: int, encoding: str) -> str:
        leave_out = ", or leave the file out with --glob" if len(self._files) > 1 else ""
        return (
            f"{file}: byte 0x{byte:02x} at offset {offset} is not {encoding}; name another --encoding such as latin-1, "
            f"or use --errors replace or --bytes{leave_out}"
        )

    def _line_ends(self, pieces: Iterable[AnyStr], crlf: AnyStr, newlines: str) -> Iterator[AnyStr]:
        """Count, and where wished change, CRLF; a CR that ends a piece waits for the next to show if an LF follows."""
        cr, lf, nothing = crlf[:1], crlf[1:], crlf[:0]
        held = nothing
        for piece in pieces:
            piece = held + piece
            held = cr if piece.endswith(cr) else nothing
            piece = piece.removesuffix(held)
            self.crlf += piece.count(crlf)
            if newlines == "lf":
                piece = piece.replace(crlf, lf)
            if piece:
                yield piece
        if held:
            yield held


def _decoder_class(encoding: str) -> Callable[[str], codecs.IncrementalDecoder]:
    try:
        "".encode(encoding)  # refuses codecs that are no text encodings, such as hex
        return codecs.getincrementaldecoder(encoding)
    except (LookupError, ValueError) as error:
        raise CorpusError(f"there is no encoding {encoding!r}; try utf-8, utf-16, latin-1 or cp1252") from error


def _blocks(stream: BinaryIO, name: str, block_size: int) -> Iterator[bytes]:
    try:
        while block := stream.read(block_size):
            yield block
    except OSError as error:
        raise CorpusError(f"cannot read {name}: {error.strerror}; check the file") from error


def _matching(folder: Path, glob: str) -> tuple[Path, ...]:
    try:
        found = {path.relative_to(folder).as_posix(): path for path in folder.glob(glob) if path.is_file()}
    except (ValueError, NotImplementedError) as error:
        raise CorpusError(f"--glob {glob!r} is not a pattern of paths: {error}; try '**/*.txt'") from error
    except OSError as error:
        raise CorpusError(f"cannot read {error.filename}: {error.strerror}; leave it out with --glob") from error
    seen = tuple(found[name] for name in sorted(found) if not any(part.startswith(".") for part in name.split("/")))
    if not seen:
        raise CorpusError(f"no file in the folder {folder} matches --glob {glob!r} (hidden ones are skipped)")
    return seen


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise CorpusError(f"no file or folder {path} (looked for {path.absolute()}); check the path") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; check the path") from error


def _folder_name(name: str) -> str:
    """`name` with only letters, digits and `_.-`, not hidden, and short."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:60] or "text"


def _count(files: tuple[Path, ...]) -> str:
    return f"{len(files)} file{'s' if len(files) != 1 else ''}"
