"""Reads a text for a trained model to continue or to score; unlike a training text, it is held in memory as a whole."""

import sys
from pathlib import Path

from charrnn.config import Config
from charrnn.device.memory import available_memory
from charrnn.errors import CorpusError
from charrnn.files import temporary_folder
from charrnn.hints import OnProgress
from charrnn.text.reader import Reader, reads_as_utf8, takes_binary
from charrnn.text.reading import characters, raw
from charrnn.text.source import Source, from_path, from_pipe, from_stdin, is_pipe, joined

MEMORY_PER_BYTE = 16  # bytes that a byte of a text takes at most, while its characters are looked up


def read_text(
    name: str,
    config: Config,
    progress: OnProgress | None = None,
    *,
    encoding: str | None = None,
    errors: str | None = None,
) -> str | bytes:
    """The text of a file, folder or pipe, or of standard input if `name` is '-', read as `config` says for a corpus.

    Without `encoding` it is read as UTF-8 if it is valid UTF-8 or recognized as UTF-16 or UTF-32, whatever encoding the
    run's own text had; else in the run's.

    `progress` is called with the bytes read and their total, which is 0 for a pipe.

    Raises:
        CorpusError: it cannot be read, is empty, does not fit into memory, or is not in the encoding.
        StorageError: a pipe's content cannot be written into a temporary file.
    """
    config = config.replace(encoding=encoding or config.encoding, errors=errors or config.errors)
    named = encoding is not None
    if name == "-" or is_pipe(Path(name)):
        with temporary_folder() as folder:
            return _content(_kept(name, folder, progress), config, named=named)
    source = joined([from_path(Path(name), glob=config.glob, binary=takes_binary(config))])
    _Limit(source.description)(source.size)
    return _content(source, config, progress, named=named)


def _kept(name: str, folder: Path, progress: OnProgress | None) -> Source:
    """The text of a pipe, kept in `folder`."""
    check = _Limit("standard input" if name == "-" else name)

    def arrived(done: int, total: int) -> None:
        check(done)
        if progress:
            progress(done, total)

    return from_stdin(sys.stdin.buffer, folder, arrived) if name == "-" else from_pipe(Path(name), folder, arrived)


def _content(source: Source, config: Config, progress: OnProgress | None = None, *, named: bool) -> str | bytes:
    """The whole text; `named` says that the encoding was named for it, and is not that of the run's own text."""
    reader = Reader(source, progress=progress and (lambda read: progress(read, source.size)))
    if config.bytes:
        return b"".join(raw(reader, config))
    if not named and reads_as_utf8(source, config.encoding):
        config = config.replace(encoding="utf-8")
    return "".join(characters(reader, config))


class _Limit:
    """Refuses a text that is larger than memory can hold, with an error that calls it `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._memory = available_memory()

    def __call__(self, size: int) -> None:
        if self._memory is not None and size * MEMORY_PER_BYTE > self._memory:
            raise CorpusError(
                f"{self._name} is too large to be read as a whole: {size / 1e6:,.0f} MB or more, which take "
                f"{size * MEMORY_PER_BYTE / 1e9:,.1f} GB of memory, where {self._memory / 1e9:,.1f} GB are free; cut "
                f"it, as with head -c {self._memory // MEMORY_PER_BYTE // 2:d}"
            )
