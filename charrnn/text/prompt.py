"""Reads a text for a trained model to continue or to score; unlike a training text, it is held in memory as a whole."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from charrnn.config import Config
from charrnn.text.reader import Reader, reads_as_utf8, takes_binary
from charrnn.text.reading import characters, raw
from charrnn.text.source import from_path, from_pipe, from_stdin, is_pipe, joined


def read_text(name: str, config: Config, encoding: str | None = None, errors: str | None = None) -> str | bytes:
    """The text of a file, folder or pipe, or of standard input if `name` is '-', read as `config` says for a corpus.

    Without `encoding` it is read as UTF-8 if it is valid UTF-8 or recognized as UTF-16 or UTF-32, whatever encoding the
    run's own text had; else in the run's.

    Raises:
        CorpusError: it cannot be read, is empty, or is not in the encoding.
    """
    config = config.replace(encoding=encoding or config.encoding, errors=errors or config.errors)
    with TemporaryDirectory() as folder:
        if name == "-":
            source = from_stdin(sys.stdin.buffer, Path(folder))
        elif is_pipe(Path(name)):
            source = from_pipe(Path(name), Path(folder))
        else:
            source = joined([from_path(Path(name), glob=config.glob, binary=takes_binary(config))])
        if config.bytes:
            return b"".join(raw(Reader(source), config))
        if encoding is None and reads_as_utf8(source, config.encoding):
            config = config.replace(encoding="utf-8")
        return "".join(characters(Reader(source), config))
