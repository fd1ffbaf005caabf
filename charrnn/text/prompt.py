"""Reads a text for a trained model to continue or to score; unlike a training text, it is held in memory as a whole."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from charrnn.config import Config
from charrnn.text.reader import Reader, takes_binary
from charrnn.text.reading import characters, raw
from charrnn.text.source import Source, from_path, from_pipe, from_stdin, is_pipe, joined


def read_prime(name: str, config: Config) -> str | bytes:
    """The text to continue; unlike a text to score, it does not end as a record does. See `read_texts`."""
    return read_texts([name], config, ended=False)


def read_texts(names: Sequence[str], config: Config, *, ended: bool = True) -> str | bytes:
    """The texts of files, folders and pipes, and of standard input (-), in turn, read as `config` says for a corpus.

    ended: a record at the end gets the separator that it may lack.

    Raises:
        CorpusError: one cannot be read or is not in the encoding, or all are empty.
    """
    with TemporaryDirectory() as folder:
        sources = []
        for number, name in enumerate(names):
            place = Path(folder) / str(number)
            place.mkdir()
            sources.append(_open(name, config, place))
        reader = Reader(joined(sources))
        if config.bytes:
            return b"".join(raw(reader, config, ended=ended))
        return "".join(characters(reader, config, ended=ended))


def _open(name: str, config: Config, folder: Path) -> Source:
    """The text called `name`; that of a pipe is kept in `folder`."""
    if name == "-":
        return from_stdin(sys.stdin.buffer, folder)
    if is_pipe(Path(name)):
        return from_pipe(Path(name), folder)
    return from_path(Path(name), glob=config.glob, binary=takes_binary(config))
