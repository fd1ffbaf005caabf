"""Reads a text for a trained model to continue or to score; unlike a training text, it is held in memory as a whole."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from charrnn.config import Config
from charrnn.text.reader import Reader, takes_binary
from charrnn.text.reading import characters, raw
from charrnn.text.source import from_path, from_pipe, from_stdin, is_pipe, joined


def read_text(name: str, config: Config) -> str | bytes:
    """The text of a file, folder or pipe, or of standard input if `name` is '-', read as `config` says for a corpus.

    Raises:
        CorpusError: it cannot be read, is empty, or is not in the encoding.
    """
    with TemporaryDirectory() as folder:
        if name == "-":
            source = from_stdin(sys.stdin.buffer, Path(folder))
        elif is_pipe(Path(name)):
            source = from_pipe(Path(name), Path(folder))
        else:
            source = joined([from_path(Path(name), glob=config.glob, binary=takes_binary(config))])
        reader = Reader(source)
        return b"".join(raw(reader, config)) if config.bytes else "".join(characters(reader, config))
