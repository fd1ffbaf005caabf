"""Standard output: escapes that keep text from controlling a terminal, and bold that only a terminal shows."""

import os
import sys

from charrnn.hints import harmless

_DUMB = ("dumb", "unknown")


def printable(text: str) -> str:
    """`text` for standard output: unchanged, but with control characters as escapes on a terminal."""
    return harmless(text) if sys.stdout.isatty() else text


def emphasized(text: str) -> str:
    """`text` in bold if standard output is a terminal that can show it."""
    styled = text and sys.stdout.isatty() and os.environ.get("TERM") not in _DUMB
    return f"\x1b[1m{text}\x1b[0m" if styled else text


def print_line(text: str) -> None:
    """Write a line to standard output, with control characters as escapes on a terminal."""
    print(printable(text))


def write(text: str) -> None:
    """Write to standard output at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write_bytes(data: bytes) -> None:
    """Write bytes to standard output at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """Write a line to standard error."""
    print(harmless(text), file=sys.stderr, flush=True)
