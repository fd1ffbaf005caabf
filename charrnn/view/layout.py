"""Tables without ruled lines, which all views use."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from charrnn.hints import harmless

GAP = 2  # spaces between columns
NO_WRAPPING = 100_000  # columns
LEAST_WIDTH = 10  # columns
USUAL_WIDTH = 80  # columns


class SafeConsole(Console):
    """A console on which no text controls the terminal: what it prints of files, names and settings is harmless."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of what is printed; those that rich makes to move the cursor stay as they are."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)


def open_console(width_of_a_file: int) -> Console:
    """A console on standard output; if that is not a terminal, the width is $COLUMNS, or else `width_of_a_file`."""
    if sys.stdout.isatty():
        return SafeConsole(width=usable_width())
    width = usable_width() if "COLUMNS" in os.environ else width_of_a_file
    return SafeConsole(file=_Trimmed(), width=width)  # type: ignore[arg-type]


def usable_width() -> int | None:
    """The width of a console if $COLUMNS leaves no room for text, as 0 does, with which nothing would be shown."""
    columns = os.environ.get("COLUMNS", "")
    return USUAL_WIDTH if columns.isdigit() and int(columns) < LEAST_WIDTH else None


class _Trimmed:
    """Standard output without the spaces that tables pad their lines with."""

    def write(self, text: str) -> int:
        """Write text; a line must not end in the middle of its trailing spaces."""
        return sys.stdout.write(re.sub(r" +$", "", text, flags=re.MULTILINE))

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)


def facts(lines: Iterable[tuple[str, str]]) -> Table:
    """A table of titles, each beside a text that is folded if it is too long."""
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for title, text in lines:
        table.add_row(title, Text(harmless(text)))
    return table


def grid(*titles: str, numbers: int = 0) -> Table:
    """A table with a row of titles; its first `numbers` columns are aligned to the right.

    These columns are never folded, because part of a number on a line would read as another number. The other columns
    share the rest of the width.
    """
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False)
    for title in titles[:numbers]:
        table.add_column(title, justify="right", no_wrap=True, overflow="ellipsis")
    for title in titles[numbers:]:
        table.add_column(title, overflow="fold")
    return table


def folded(text: str, width: int) -> str:
    """`text` in lines of `width`, broken after commas; the table folds longer stretches without a comma."""
    lines = [""]
    for part in re.findall(r"[^,]*,|[^,]+$", text):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
