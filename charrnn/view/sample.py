"""Writes sampled text to standard output while it is sampled."""

import json
import sys
from collections.abc import Iterable

from charrnn.sampling.generate import DrawnText
from charrnn.text.vocabulary import raw, readable
from charrnn.view.terminal import emphasized, note, printable, write, write_bytes

BETWEEN_TEXTS = "---"


def show_json(texts: Iterable[DrawnText], prime: str, seed: int, *, whole: bool) -> None:
    """Print an object for each text; bytes that are not UTF-8 become U+FFFD. `whole` says that texts are records."""
    for index, drawn in enumerate(texts):
        row = {"text": readable("".join(drawn)), "prime": readable(prime), "seed": seed, "index": index}
        print(json.dumps(row | ({"complete": drawn.stopped} if whole else {})), flush=True)


def show_texts(texts: Iterable[DrawnText], prime: str, *, of_bytes: bool, separated: bool, end: str) -> list[str]:
    """Print texts while they are sampled, each after `prime`, with a line between them if they are `separated`.

    Returns each text without the records, ended by `end`, of the prime that were complete before sampling began.
    """
    shown = []
    for index, drawn in enumerate(texts):
        if separated and index:
            write(f"{BETWEEN_TEXTS}\n")
        shown.append(_show(prime, drawn, of_bytes, end))
    return shown


def show_new(new: int, count: int, unit: str) -> None:
    """Say how many of the lines or records are not in the training text; `unit` is line or record."""
    note(f"{new} of {count} {unit}s are not in the text that the run learned from")


def note_endless(number: int, count: int, longest: int) -> None:
    """Say how many records were cut off."""
    note(f"{number} of {count} records did not end within {longest:,} characters; a larger --length allows more")


def _show(prime: str, drawn: Iterable[str], of_bytes: bool, end: str) -> str:
    as_bytes = of_bytes and not sys.stdout.isatty()  # exactly as sampled, even if it is not UTF-8
    _write(prime, as_bytes, bold=True)
    text = prime
    for each in drawn:
        _write(each, as_bytes)
        text += each
    if not text.endswith("\n"):
        write("\n")
    return text[prime.rfind(end) + len(end) if end in prime else 0 :]


def _write(text: str, as_bytes: bool, bold: bool = False) -> None:
    if as_bytes:
        write_bytes(raw(text))
        return
    shown = printable(readable(text) if sys.stdout.isatty() else text)
    write(emphasized(shown) if bold else shown)
