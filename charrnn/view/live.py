"""The live display of a training run in a terminal.

Evaluations and samples scroll past above one line that is repainted a few times a second. Nothing runs in the
background: the line is painted while an event is shown, so an event between two paintings costs next to nothing.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn.evaluation.units import bits_per_char
from charrnn.hints import visible
from charrnn.training.events import Evaluated, Event, Finished, Notice, Sampled, Started, Step
from charrnn.view.layout import GAP, SafeConsole, facts, usable_width
from charrnn.view.wording import (
    duration,
    evaluated_line,
    figure,
    finished_lines,
    reading_line,
    short,
    started_lines,
)

PAINT_SECONDS = 1 / 8
SHORT_READING = 0.5  # seconds; a shorter reading needs no bar
WEIGHT = 0.02  # weight of the newest loss in the average
SAMPLE_LINES = 4
WIDEST_BAR = 40
INTERRUPT = len("^C")  # columns in which the terminal shows Ctrl-C; they must not wrap

Clock = Callable[[], float]


class LiveView:
    """Shows a training run on a terminal."""

    def __init__(self, console: Console, clock: Clock = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._run = Path()
        self._loss = 0.0
        self._steps = 0
        self._val_loss: float | None = None
        self._next_painting = clock() + SHORT_READING

    @classmethod
    def on_terminal(cls, file: TextIO) -> "LiveView | None":
        """A view on `file`; None if it is not a terminal that can move its cursor."""
        console = SafeConsole(file=file, width=usable_width())
        return cls(console) if file.isatty() and not console.is_dumb_terminal else None

    def __enter__(self) -> "LiveView":
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def reading(self, done: int, total: int) -> None:
        """Show how much of a text has been read; `done` of `total` bytes."""
        if self._painting_due():
            share = done / total if total else 0
            self._paint(share, reading_line(done, total))

    def show(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Step():
                self._smooth(event.loss)
                if self._painting_due():
                    self._paint(event.progress, self._step_line(event))
            case Evaluated():
                self._val_loss = event.val_loss
                self._console.print(Text(evaluated_line(event), "bold green" if event.best else "bold"))
            case Sampled() if event.text.strip():
                self._console.print(_sample(event.text, self._console.width))
            case Notice():
                self._console.print(Text(f"note: {event.text}", "yellow"))
            case Started():
                self._live.stop()  # removes the bar of the reading
                self._run = event.run
                self._console.print(facts(started_lines(event)))
            case Finished():
                self._live.stop()
                self._console.print(facts(finished_lines(event, self._run)))

    def _smooth(self, loss: float) -> None:
        """Update the average loss, which covers about the last quarter of the steps, at most 50."""
        self._steps += 1
        self._loss += max(4 / (self._steps + 3), WEIGHT) * (loss - self._loss)

    def _painting_due(self) -> bool:
        if self._clock() < self._next_painting:
            return False
        self._next_painting = self._clock() + PAINT_SECONDS
        return True

    def _paint(self, share: float, line: str) -> None:
        """Paint the live line: a bar that fills the available width, and `line`."""
        room = self._console.width - INTERRUPT - 1
        bar = min(room - len(line) - GAP, WIDEST_BAR)
        row = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        text = Text(line, no_wrap=True, overflow="ellipsis")
        row.add_row(*([ProgressBar(1, share, bar, complete_style="cyan")] if bar > 1 else []), text)
        self._live.update(Constrain(row, room))
        self._live.start()
        self._live.refresh()

    def _step_line(self, step: Step) -> str:
        val = f"  val {figure(self._val_loss, 3)}" if self._val_loss is not None else ""
        left = f"  {duration(step.seconds_left)} left" if step.seconds_left is not None else ""
        train = f"train {figure(self._loss, 3)} ({figure(bits_per_char(self._loss), 2)} bits)"
        return f"epoch {step.epoch:.2f}  {train}{val}  {short(step.chars_per_second)} char/s{left}"


def _sample(text: str, width: int) -> Text:
    """The first lines of a sample that are not blank, indented and folded, without trailing spaces."""
    written = "\n".join(line for line in visible(text).split("\n") if line.strip())
    lines = Text(written).wrap(Console(width=width), width - 2 * GAP, overflow="fold")[:SAMPLE_LINES]
    return Text("\n".join(f"{' ' * GAP}{line.plain.rstrip()}" for line in lines))
