"""Signals that ask a command to end."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def handled(handler: Handler, *names: str) -> Iterator[None]:
    """Let `handler` handle the signals of these names. A SIGHUP that nohup ignores stays ignored."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number, old in before.items() if (number, old) != (_HANGUP, signal.SIG_IGN)]
    for number in taken:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def leave(number: int, frame: FrameType | None) -> None:
    """Raise an exception, as Ctrl-C does, so that everything is cleaned up on the way out."""
    sys.exit(128 + number)


_HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
