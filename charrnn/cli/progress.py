"""A progress bar on standard error for work that takes long."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click

from charrnn.hints import OnProgress, harmless


@contextmanager
def progress_bar(label: str, *, after: float = 0.0) -> Iterator[OnProgress | None]:
    """Yield a function that shows (done, total) once `after` seconds have passed; None if there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    began = time.monotonic()
    bar = None
    with ExitStack() as stack:

        def show(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                if time.monotonic() - began < after:
                    return
                bar = stack.enter_context(click.progressbar(length=total, label=harmless(label), file=sys.stderr))
            bar.length = total
            bar.update(done - bar.pos)

        yield show
