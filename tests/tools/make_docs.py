"""The parts of README.md that are made from what is in the repository; `python -m tests.tools.make_docs` makes them anew."""

from collections.abc import Callable
from pathlib import Path

from charrnn.records.results import read_results
from tests import cells, reference, results

README = Path(__file__).parent.parent / "README.md"
PARTS: dict[str, Callable[[], str]] = {
    "results": lambda: results.table(read_results()),
    "curves": lambda: results.curves(read_results()),
    "cells": cells.table,
    "command reference": reference.reference,
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
