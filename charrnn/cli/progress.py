"""A bar on standard error for work that takes long."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click


@contextmanager
def progress_bar(label: str, *, after: float = 0.0) -> Iterator[Callable[[int, int], None] | None]:
    """Gives what shows (done, to do), from so many seconds on as `after` says; None where there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    began, bar = time.monotonic(), None
    with ExitStack() as stack:

        def show(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                if time.monotonic() - began < after:
                    return
                bar = stack.enter_context(click.progressbar(length=total, label=label, file=sys.stderr))
            bar.length = total
            bar.update(done - bar.pos)

        yield show
