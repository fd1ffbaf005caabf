"""Reads a text for a trained model to continue or to score; unlike a training text, it is held in memory as a whole."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from charrnn.config import Config
from charrnn.device.memory import available_memory
from charrnn.errors import CorpusError
from charrnn.files import temporary_folder
from charrnn.hints import OnProgress
from charrnn.text.reader import Reader, takes_binary
from charrnn.text.reading import characters, raw
from charrnn.text.source import Source, from_path, from_pipe, from_stdin, is_pipe, joined

MEMORY_PER_BYTE = 16  # bytes that a byte of a text takes at most, while its characters are looked up


def read_texts(
    names: Sequence[str], config: Config, progress: OnProgress | None = None, *, ended: bool = True
) -> str | bytes:
    """The texts of files, folders and pipes, and of standard input (-), in turn, read as `config` says for a corpus.

    ended: a record at the end gets the separator that it may lack; a text to continue must not. `progress` is called
    with the bytes read and their total, which is 0 while a pipe is read.

    Raises:
        CorpusError: one cannot be read or is not in the encoding, all are empty, or they do not fit into memory.
        StorageError: a pipe's content cannot be written into a temporary file.
    """
    with ExitStack() as folders:
        source = joined([_open(name, config, folders, progress) for name in names])
        _Limit(source.description)(source.size)
        reader = Reader(source, progress=progress and (lambda read: progress(read, source.size)))
        if config.bytes:
            return b"".join(raw(reader, config, ended=ended))
        return "".join(characters(reader, config, ended=ended))


def _open(name: str, config: Config, folders: ExitStack, progress: OnProgress | None) -> Source:
    """The text called `name`; that of a pipe is kept in a temporary folder until `folders` are removed."""
    if name != "-" and not is_pipe(Path(name)):
        return from_path(Path(name), glob=config.glob, binary=takes_binary(config))
    check = _Limit("standard input" if name == "-" else name)

    def arrived(done: int, total: int) -> None:
        check(done)
        if progress:
            progress(done, total)

    folder = folders.enter_context(temporary_folder())
    if name == "-":
        return from_stdin(sys.stdin.buffer, folder, arrived)
    return from_pipe(Path(name), folder, arrived)


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
