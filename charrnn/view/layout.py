"""Tables without lines, as all views use them."""

import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2  # spaces between columns


def open_console(width_of_a_file: int) -> Console:
    """Standard output; where that is no terminal it is so wide, or as COLUMNS says."""
    if sys.stdout.isatty():
        return Console()
    return Console(file=_Trimmed(), width=None if "COLUMNS" in os.environ else width_of_a_file)


class _Trimmed:
    """Standard output without the spaces at the ends of lines that fill up tables."""

    def write(self, text: str) -> int:
        return sys.stdout.write(re.sub(r" +$", "", text, flags=re.MULTILINE))

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)


def facts(lines: Iterable[tuple[str, str]]) -> Table:
    """Titles, each with a text beside it that is folded where it is too long."""
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for title, text in lines:
        table.add_row(title, Text(text))
    return table


def grid(*titles: str, numbers: int = 0) -> Table:
    """A table with a row of titles; its first columns, so many as `numbers` says, are aligned to the right.

    Those are never folded: half a number on a line is another number. The other columns take what is left.
    """
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False)
    for title in titles[:numbers]:
        table.add_column(title, justify="right", no_wrap=True, overflow="ellipsis")
    for title in titles[numbers:]:
        table.add_column(title, overflow="fold")
    return table


def folded(text: str, width: int) -> str:
    """`text` in lines of `width`, broken after commas; what is longer without one is left to the table."""
    lines = [""]
    for part in re.findall(r"[^,]*,|[^,]+$", text):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
