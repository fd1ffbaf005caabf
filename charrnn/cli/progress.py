"""A progress bar on standard error for work that takes long."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from charrnn.hints import OnProgress, harmless
from charrnn.view.wording import reading_line

PAINT_SECONDS = 1 / 8
SHORT = 1.0  # seconds; shorter work needs no bar


class _Bar:
    """A bar for a known total, and a number for an unknown one."""

    def __init__(self, label: str, after: float) -> None:
        self._label = label
        self._next_painting = time.monotonic() + after
        self._bar: Any = None
        self._width = 0  # of the line with a number

    def show(self, done: int, total: int) -> None:
        if self._bar is None and time.monotonic() < self._next_painting:
            return
        if not total:
            self._write(reading_line(done, total))
            return
        if self._bar is None:
            self._write("")
            self._bar = click.progressbar(length=total, label=harmless(self._label), file=sys.stderr)
            self._bar.__enter__()
        self._bar.length = total
        self._bar.update(done - self._bar.pos)

    def close(self) -> None:
        """Leave the bar as it is, and remove a number."""
        if self._bar is None:
            self._write("")
        else:
            self._bar.__exit__(None, None, None)

    def _write(self, line: str) -> None:
        """Write over the line that was written before."""
        if line or self._width:
            print(f"\r{line:<{self._width}}\r", end="", file=sys.stderr, flush=True)
        self._width = len(line)
        self._next_painting = time.monotonic() + PAINT_SECONDS


@contextmanager
def progress_bar(label: str, *, after: float = 0.0) -> Iterator[OnProgress | None]:
    """Yield a function that shows (done, total) once `after` seconds have passed; None without a terminal.

    A total of 0 stands for an unknown one.
    """
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(label, after)
    try:
        yield bar.show
    finally:
        bar.close()
