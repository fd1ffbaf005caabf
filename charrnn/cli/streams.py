"""The standard streams, so that the program works wherever it is started: closed, full, or a pipe nobody reads."""

import codecs
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

SIGPIPE = 13  # which Python turns into an exception; not every system has a name for it
CLOSED_PIPE = 128 + SIGPIPE  # the exit code of a program that it ends


class Unfailing:
    """A stream for messages: that one cannot be written is no reason to end the work it tells of."""

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
    """Put the null device where a stream was closed; standard error never fails from here on.

    It is opened for reading where standard output was closed, so that what would be lost there is an error.
    """
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, flags), mode))  # noqa: SIM115 (for as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the program, and text is more than ASCII.
        stream.reconfigure(encoding="utf-8" if _is_ascii(stream) else None, errors="replace")
    sys.stderr = Unfailing(sys.stderr)


def _is_ascii(stream: TextIO) -> bool:
    return codecs.lookup(stream.encoding).name == "ascii"


def drop_unwritten() -> None:
    """Give up what standard output did not take; the interpreter would try once more at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
