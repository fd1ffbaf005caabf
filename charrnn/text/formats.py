"""Recognizes formats by the first bytes of a file: compressed texts, and files that are not text.

A compressed text is always read as its content: `letters.txt` and `letters.txt.gz` are the same text.
"""

import os
import shlex
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Protocol

from charrnn.errors import CorpusError
from charrnn.text.encodings import marked_encoding, unmarked_encoding

try:
    from lzma import LZMAError
except ImportError:  # Python can be built without it; see `_decompressed`
    LZMAError = zlib.error  # type: ignore[misc, assignment]

HEAD_BYTES = 8192  # first bytes that determine a format; Git looks for NUL in about as many


class Readable(Protocol):
    """The methods of a binary stream that are needed here."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""


_COMPRESSIONS = (  # first bytes, name, module
    (b"\x1f\x8b\x08", "gzip", "gzip"),
    (b"\xfd7zXZ\x00", "xz", "lzma"),
    (b"BZh", "bzip2", "bz2"),
)
COMPRESSED_SUFFIXES = (".gz", ".xz", ".bz2")
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # what follows BZh and a digit: a block, or the end of an empty file

# Files that are not text. An entry has byte strings that all occur among a file's first bytes, the first of them at the
# start; what such a file is; and a command that makes a text {1} of the file {0}, possibly through {2}, a PDF in the
# working folder. The first entry that fits counts.
_PANDOC = "pandoc -t plain {0} -o {1}"
_SHEETS = "soffice --headless --convert-to csv {0}"
_PAGES = "soffice --headless --convert-to pdf {0} && pdftotext {2}"
_ZIP = b"PK\x03\x04"
_OOXML = b"[Content_Types].xml"
_ODF = b"mimetypeapplication/vnd.oasis.opendocument."
_DOCUMENTS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    ((_ZIP, _OOXML, b"word/"), "a Word document", _PANDOC),
    ((_ZIP, _OOXML, b"xl/"), "an Excel workbook", _SHEETS),
    ((_ZIP, _OOXML), "an Office document", _PAGES),
    ((_ZIP, _ODF + b"text"), "an OpenDocument text", _PANDOC),
    ((_ZIP, _ODF + b"spreadsheet"), "an OpenDocument spreadsheet", _SHEETS),
    ((_ZIP, _ODF), "an OpenDocument file", _PAGES),
    ((_ZIP, b"mimetypeapplication/epub+zip"), "an EPUB book", _PANDOC),
    ((_ZIP,), "a zip archive", "unzip -p {0} > {1}"),
    ((b"%PDF-",), "a PDF document", "pdftotext {0} {1}"),
    ((b"{\\rtf",), "an RTF document", _PANDOC),
    ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "an Office document", _PAGES),
    ((b"\x28\xb5\x2f\xfd",), "zstd data", "zstd -dc {0} > {1}"),
    ((b"7z\xbc\xaf\x27\x1c",), "a 7z archive", "7z x -so {0} > {1}"),
)
_TAR_MAGIC = slice(257, 262), b"ustar"


class _Rejoined:
    """A stream that starts over after its first bytes, `head`, have been read."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        first, self._head = self._head[:size], self._head[size:]
        return first + self._stream.read(size - len(first))


def content(stream: Readable, name: str, block_size: int) -> Iterator[bytes]:
    """The content of `stream`, decompressed if it is compressed, in blocks of at most `block_size` bytes.

    Raises:
        CorpusError: it cannot be read, or the compressed data are damaged; the message calls it `name`.
    """
    kind = ""
    try:
        head = stream.read(HEAD_BYTES)
        opened: Readable = _Rejoined(head, stream)
        if compression := _compression(head):
            kind, module = compression
            opened = _decompressed(opened, name, kind, module)
        while block := opened.read(block_size):
            yield block
    except (EOFError, zlib.error, LZMAError) as error:
        raise CorpusError(_damaged(name, kind, error)) from error
    except OSError as error:
        if kind and error.errno is None:  # gzip and bz2 raise OSError for damaged data as well
            raise CorpusError(_damaged(name, kind, error)) from error
        raise CorpusError(f"cannot read {name}: {error.strerror}; check the file") from error


def file_content(path: Path, block_size: int) -> Generator[bytes, None, None]:
    """The content of the file at `path`; see `content`.

    Raises:
        CorpusError: it cannot be read, or the compressed data are damaged.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; check the file") from error
    with file:
        yield from content(file, str(path), block_size)


def head_of(path: Path) -> bytes:
    """The first bytes of the content of the file at `path`.

    Raises:
        CorpusError: it cannot be read, or the compressed data are damaged.
    """
    with closing(file_content(path, HEAD_BYTES)) as blocks:
        return next(blocks, b"")


def content_size(path: Path) -> int:
    """Bytes of the content of the file at `path`; a compressed file is read to its end to count them.

    So is a file that seems empty: those of /proc have content all the same.

    Raises:
        CorpusError: it cannot be read, or the compressed data are damaged.
    """
    return plain_size(path) or sum(map(len, file_content(path, 1 << 16)))


def plain_size(path: Path) -> int | None:
    """Bytes of the file at `path` if it is not compressed, else None.

    Raises:
        CorpusError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return None if _compression(file.read(HEAD_BYTES)) else os.fstat(file.fileno()).st_size
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; check the file") from error


def why_not_text(head: bytes, name: str, path: Path) -> str | None:
    """Why the file `path`, called `name`, is not a text, with a command that converts it; None if it may be a text.

    `head` is the file's first bytes. A file of an unknown format may still be binary; see `is_binary`.
    """
    document = _document(head)
    if not document:
        return None
    kind, command = document
    archive = path.with_suffix("") if path.suffix in COMPRESSED_SUFFIXES else path
    text = archive.with_suffix(".txt")
    if text == path:
        text = path.with_name(f"{path.name}.txt")
    made = command.format(*(shlex.quote(str(each)) for each in (path, text, f"{path.stem}.pdf")))
    return f"{name} is {kind}, not a text; convert it with: {made}"


def is_binary(head: bytes) -> bool:
    """Whether a file that begins with `head` is not a text: a known format, or NUL bytes outside UTF-16 and UTF-32."""
    return bool(_document(head)) or (b"\0" in head and not recognized_encoding(head))


def recognized_encoding(head: bytes) -> str | None:
    """The encoding of a text that begins with `head`, if its byte order mark or its zeros determine it."""
    return marked_encoding(head) or unmarked_encoding(head, complete=len(head) < HEAD_BYTES)


def _compression(head: bytes) -> tuple[str, str] | None:
    """The name of the compression of a file that begins with `head`, and its module; None if it is not compressed."""
    for magic, kind, module in _COMPRESSIONS:
        if head.startswith(magic) and (kind != "bzip2" or head[4:10] in _BZIP2_BLOCKS):
            return kind, module
    return None


def _decompressed(stream: Readable, name: str, kind: str, module: str) -> Readable:
    try:
        opened: Readable = import_module(module).open(stream)
    except ImportError as error:
        raise CorpusError(
            f"{name} is {kind} data, and this Python was built without {module}; decompress it first"
        ) from error
    return opened


def _document(head: bytes) -> tuple[str, str] | None:
    """What a file that begins with `head` is, and a command that makes a text of it; None if it may be a text."""
    place, magic = _TAR_MAGIC
    if head[place] == magic:
        return "a tar archive", "tar -xOf {0} > {1}"
    for signs, kind, command in _DOCUMENTS:
        if head.startswith(signs[0]) and all(sign in head for sign in signs):
            return kind, command
    return None


def _damaged(name: str, kind: str, error: Exception) -> str:
    return f"{name} is damaged or incomplete {kind} data ({str(error).rstrip('.')}); make or download it again"
