"""Writes the generated parts of README.md and charrnn/docs; `make docs` runs it.

A part is the text between its two marks, `<!-- NAME: written by make docs -->` and `<!-- end of NAME -->`.
"""

from collections.abc import Callable
from pathlib import Path

from charrnn.records.results import read_results
from tests.tools import cells_table, command_reference, preset_table, record_run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "charrnn" / "docs"
PARTS: dict[Path, dict[str, Callable[[], str]]] = {
    README: {
        "summary": lambda: record_run.summary(read_results()),
    },
    DOCS / "results.md": {
        "results": lambda: record_run.table(read_results()),
        "curves": lambda: record_run.curves(read_results()),
        "cells": cells_table.table,
    },
    DOCS / "presets.md": {"presets": preset_table.table},
    DOCS / "commands.md": {"commands": command_reference.reference},
}


def current(path: Path) -> str:
    """The text of a documentation file with its generated parts written anew."""
    text = path.read_text(encoding="utf-8")
    for name, make in PARTS[path].items():
        begin = f"<!-- {name}: written by make docs -->\n"
        end = f"<!-- end of {name} -->\n"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = f"{before}{begin}\n{make()}\n{end}{after}"
    return text


def main() -> None:
    """Write every file that has generated parts."""
    for path in PARTS:
        path.write_text(current(path), encoding="utf-8")


if __name__ == "__main__":
    main()
