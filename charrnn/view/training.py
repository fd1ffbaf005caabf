"""Output during training: a live line on a terminal, lines in a log, JSON for a program."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from charrnn.hints import harmless
from charrnn.training.events import Evaluated, Event, Finished, Notice, Started, Step
from charrnn.view.live import LiveView
from charrnn.view.wording import evaluated_line, finished_lines, reading_line, started_lines

STEP_SECONDS = 1.0  # least time between two steps in JSON
READING_SECONDS = 10.0  # least time between two lines about a long reading, in a log

Clock = Callable[[], float]


def open_view(*, json: bool) -> "View":
    """JSON on standard output, or else a live display if standard error is a terminal, or else lines."""
    if json:
        return JsonView(sys.stdout)
    live = LiveView.on_terminal(sys.stderr)
    return live or PlainView(sys.stderr)


class PlainView:
    """A line for each evaluation and little else, for a log file."""

    def __init__(self, file: TextIO, clock: Clock = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._told = clock()
        self._run = Path()

    def __enter__(self) -> "PlainView":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def reading(self, done: int, total: int) -> None:
        """Say how much of a text has been read, if that takes long."""
        if self._clock() - self._told > READING_SECONDS:
            self._told = self._clock()
            self._print(reading_line(done, total))

    def show(self, event: Event) -> None:
        """Print an event."""
        match event:
            case Notice(text):
                self._print(f"note: {text}")
            case Started():
                self._run = event.run
                self._table(started_lines(event))
            case Evaluated():
                self._print(evaluated_line(event))
            case Finished():
                self._table(finished_lines(event, self._run))

    def _table(self, lines: list[tuple[str, str]]) -> None:
        for title, text in lines:
            self._print(f"{title:<9} {text}")

    def _print(self, line: str) -> None:
        print(harmless(line), file=self._file, flush=True)


class JsonView:
    """A JSON object on a line for each event, with its kind under "event"; at most one step per second."""

    def __init__(self, file: TextIO, clock: Clock = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._next_step = clock()

    def __enter__(self) -> "JsonView":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def reading(self, done: int, total: int) -> None:
        """Ignore how much of a text has been read: it is not an event."""

    def show(self, event: Event) -> None:
        """Print the event."""
        if isinstance(event, Step):
            if self._clock() < self._next_step:
                return
            self._next_step = self._clock() + STEP_SECONDS
        values = {"event": type(event).__name__.lower()} | asdict(event)
        print(json.dumps(values, default=str), file=self._file, flush=True)


View = JsonView | LiveView | PlainView
