"""Writes sampled text to standard output while it is sampled."""

import json
import sys
from collections.abc import Iterable, Iterator

from charrnn.text.vocabulary import raw, readable
from charrnn.view.terminal import emphasized, note, printable, write, write_bytes

BETWEEN_TEXTS = "---"


def show_json(texts: Iterable[Iterable[str]], prime: str, seed: int) -> None:
    """Print an object for each text; bytes that are not UTF-8 become U+FFFD."""
    for index, drawn in enumerate(texts):
        row = {"text": readable("".join(drawn)), "prime": readable(prime), "seed": seed, "index": index}
        print(json.dumps(row), flush=True)


def show_texts(texts: Iterable[Iterator[str]], prime: str, *, of_bytes: bool, separated: bool) -> list[str]:
    """Print texts while they are sampled, each after `prime`, with a line between them if they are `separated`.

    Returns each text without the lines of the prime that were complete before sampling began.
    """
    shown = []
    for index, drawn in enumerate(texts):
        if separated and index:
            write(f"{BETWEEN_TEXTS}\n")
        shown.append(_show(prime, drawn, of_bytes))
    return shown


def show_new_lines(new: int, count: int) -> None:
    """Say how many of the lines are not in the training text."""
    note(f"{new} of {count} lines are not in the text that the run learned from")


def _show(prime: str, drawn: Iterator[str], of_bytes: bool) -> str:
    as_bytes = of_bytes and not sys.stdout.isatty()  # exactly as sampled, even if it is not UTF-8
    _write(prime, as_bytes, bold=True)
    text = prime.rpartition("\n")[2]
    for each in drawn:
        _write(each, as_bytes)
        text += each
    if not text.endswith("\n"):
        write("\n")
    return text


def _write(text: str, as_bytes: bool, bold: bool = False) -> None:
    if as_bytes:
        write_bytes(raw(text))
        return
    shown = printable(readable(text) if sys.stdout.isatty() else text)
    write(emphasized(shown) if bold else shown)
