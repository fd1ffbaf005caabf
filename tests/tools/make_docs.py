"""The parts of README.md that are made from what is in the repository; `python -m tests.tools.make_docs` makes them anew."""

from collections.abc import Callable
from pathlib import Path

from charrnn.records.results import read_results
from tests.tools import cells_table, command_reference, record_run

README = Path(__file__).parents[2] / "README.md"
PARTS: dict[str, Callable[[], str]] = {
    "results": lambda: record_run.table(read_results()),
    "curves": lambda: record_run.curves(read_results()),
    "cells": cells_table.table,
    "command reference": command_reference.reference,
}


def current(readme: str) -> str:
    """The README with its parts as of today."""
    for name, make in PARTS.items():
        begin, end = f"<!-- {name}: written by make readme -->\n", f"<!-- end of the {name} -->\n"
        before, rest = readme.split(begin)
        readme = f"{before}{begin}\n{make()}\n{end}{rest.split(end)[1]}"
    return readme


if __name__ == "__main__":
    README.write_text(current(README.read_text(encoding="utf-8")), encoding="utf-8")
