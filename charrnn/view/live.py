"""The live display of a training run in a terminal.

Evaluations and samples scroll past above one line that is drawn anew a few times a second. Nothing runs in the
background: the line is drawn while an event is shown, so an event between two drawings costs next to nothing.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn.evaluation.units import bits_per_char
from charrnn.training.events import Evaluated, Event, Finished, Notice, Sampled, Started, Step
from charrnn.view.layout import facts
from charrnn.view.wording import (
    duration,
    evaluated_line,
    figure,
    file_size,
    finished_lines,
    short,
    started_lines,
    visible,
)

DRAW_SECONDS = 1 / 8
SHORT_READING = 0.5  # seconds of reading that are not worth a bar
WEIGHT = 0.02  # of the newest loss in the average
SAMPLE_LINES = 4
WIDEST_BAR = 40

Clock = Callable[[], float]


class LiveView:
    """Shows a training run on a terminal."""

    def __init__(self, console: Console, clock: Clock = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._run = Path()
        self._loss, self._steps = 0.0, 0
        self._val_loss: float | None = None
        self._next_drawing = clock() + SHORT_READING

    @classmethod
    def on_terminal(cls, file: TextIO) -> "LiveView | None":
        """A view on `file`; None if that is no terminal, or one that cannot move its cursor."""
        console = Console(file=file)
        return cls(console) if file.isatty() and not console.is_dumb_terminal else None

    def __enter__(self) -> "LiveView":
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def reading(self, done: int, total: int) -> None:
        """Show how far a text has been read; `done` of `total` bytes."""
        if self._drawing_due():
            share = done / total if total else 0
            # Without the size, as every pass over a text counts in it.
            self._draw(share, f"reading {share:.0%}" if total else f"reading {file_size(done)}")

    def show(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Step():
                self._smooth(event.loss)
                if self._drawing_due():
                    self._draw(event.progress, self._step_line(event))
            case Evaluated():
                self._val_loss = event.val_loss
                self._console.print(Text(evaluated_line(event), "bold green" if event.best else "bold"))
            case Sampled() if event.text.strip():
                self._console.print(_sample(event.text, self._console))
            case Notice():
                self._console.print(Text(f"note: {event.text}", "yellow"))
            case Started():
                self._live.stop()  # the bar of the reading is done with
                self._run = event.run
                self._console.print(facts(started_lines(event)))
            case Finished():
                self._live.stop()
                self._console.print(facts(finished_lines(event, self._run)))

    def _smooth(self, loss: float) -> None:
        """Take a loss into the average: of about the last quarter of the steps, and of 50 at most."""
        self._steps += 1
        self._loss += max(4 / (self._steps + 3), WEIGHT) * (loss - self._loss)

    def _drawing_due(self) -> bool:
        if self._clock() < self._next_drawing:
            return False
        self._next_drawing = self._clock() + DRAW_SECONDS
        return True

    def _draw(self, share: float, line: str) -> None:
        """Draw the live line: a bar as wide as there is room for, and `line`."""
        width = min(self._console.width - len(line) - 3, WIDEST_BAR)
        row = Table.grid(padding=(0, 2, 0, 0))
        text = Text(line, no_wrap=True, overflow="ellipsis")
        row.add_row(*([ProgressBar(1, share, width, complete_style="cyan")] if width > 3 else []), text)
        self._live.update(row)
        self._live.start()
        self._live.refresh()

    def _step_line(self, step: Step) -> str:
        val = f"  val {figure(self._val_loss, 3)}" if self._val_loss is not None else ""
        left = f"  {duration(step.seconds_left)} left" if step.seconds_left is not None else ""
        train = f"train {figure(self._loss, 3)} ({figure(bits_per_char(self._loss), 2)} bits)"
        return f"epoch {step.epoch:.2f}  {train}{val}  {short(step.chars_per_second)} char/s{left}"


def _sample(text: str, console: Console) -> Padding:
    """The first lines of a sample that are not blank, as they fit."""
    written = "\n".join(line for line in visible(text).split("\n") if line.strip())
    lines = Text(written).wrap(console, console.width - 4, overflow="fold")
    return Padding(Text("\n").join(lines[:SAMPLE_LINES]), (0, 2))
