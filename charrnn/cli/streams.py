"""Handles standard streams that are closed, full, or pipes that nobody reads."""

import codecs
import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, TextIO

from charrnn.hints import in_one_line

SIGPIPE = 13  # Python turns it into an exception; not every system has a name for it
CLOSED_PIPE = 128 + SIGPIPE  # the exit code of a program that the signal ends


class Notes(logging.Formatter):
    """Log messages as notes: one harmless line each."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a message."""
        return f"note: {in_one_line(record.getMessage())}"


class Unfailing:
    """A stream whose failures are ignored: losing a message must not stop the work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_streams() -> None:
    """Open the null device for each stream that is closed, and make standard error ignore failures.

    For standard output it is opened for reading, so that writing is an error and no result is lost unnoticed.
    """
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, flags), mode))  # noqa: SIM115 - open until the program ends
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        # A terminal that cannot show a character must not end the program. A file or pipe loses none: it is UTF-8,
        # whatever the code page, as is a terminal of ASCII, which is that of a system without a locale.
        kept = stream.isatty() and not _is_ascii(stream)
        stream.reconfigure(encoding=None if kept else "utf-8", errors="replace")
    sys.stderr = Unfailing(sys.stderr)


def _is_ascii(stream: TextIOWrapper) -> bool:
    return codecs.lookup(stream.encoding).name == "ascii"


def drop_unwritten() -> None:
    """Drop what standard output did not accept: the interpreter would try again when it exits, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
