"""The lines of `metrics.jsonl`, one for each evaluation. A line that cannot be read is skipped, and never erased."""

import json
import logging
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from charrnn.files import replacing

Row = dict[str, Any]

_COUNTS = ("step", "chars")
_NUMBERS = ("epoch", "seconds", "train_loss")
_LARGEST = 1e300  # larger numbers cannot be shown
_BEGINNING = b'{"step": '

log = logging.getLogger(__name__)


def read_rows(path: Path) -> list[Row]:
    """The lines that can be read; a log message gives the numbers of the others."""
    lines = _lines(path)
    rows = [_row(line) for line in lines]
    bad = [number for number, (line, row) in enumerate(zip(lines, rows, strict=True), 1) if line and row is None]
    if bad:
        _note_skipped(path, tuple(bad))
    return [row for row in rows if row is not None]


def forget_after(path: Path, step: int, evaluations: int) -> None:
    """Erase the lines of later steps than `step`, and one that a crash cut off; all others stay as they are.

    evaluations: how many lines there should be up to that step.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = _lines(path)
    kept = list(_kept(lines, step, evaluations))
    if kept != lines:
        with replacing(path) as file:
            file.write(b"\n".join(kept))


def _lines(path: Path) -> list[bytes]:
    """What is between line feeds; the last of it is empty if the file is whole."""
    if not path.is_file():
        return [b""]
    try:
        return path.read_bytes().split(b"\n")
    except OSError as error:
        log.info("%s cannot be read: %s", path, error.strerror)
        return [b""]


def _kept(lines: list[bytes], step: int, evaluations: int) -> Iterator[bytes]:
    *whole, end = lines
    rows = [_row(line) for line in whole]
    earlier = [row is not None and row["step"] <= step for row in rows]
    yield from (line for line, row, is_earlier in zip(whole, rows, earlier, strict=True) if row is None or is_earlier)
    row = _row(end)
    if row is None:
        keeps = bool(end) and not _is_cut_off(end, step) and not (_is_empty(end) and sum(earlier) >= evaluations)
    else:
        keeps = row["step"] <= step
    yield from (end, b"") if keeps else (b"",)  # a line end is between two of them


def _is_empty(line: bytes) -> bool:
    """Whether it has only zeros, as some disks have after a power failure in place of what was being written."""
    return not line.strip(b"\0")


def _is_cut_off(line: bytes, step: int) -> bool:
    """Whether a line without its end is the beginning of one about a later step than `step`, or too short to say."""
    written = re.match(re.escape(_BEGINNING) + rb"(\d{1,18}),", line)
    return int(written[1]) > step if written else re.fullmatch(rb"\d*", _without_beginning(line)) is not None


def _without_beginning(line: bytes) -> bytes:
    return b"" if _BEGINNING.startswith(line) else line.removeprefix(_BEGINNING)


def _row(line: bytes) -> Row | None:
    """The evaluation on a line; None if it does not have the values that each has."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = (
        isinstance(row, dict)
        and all(_is_number(row.get(name)) for name in (*_COUNTS, *_NUMBERS))
        and all(isinstance(row[name], int) for name in _COUNTS)
        and "val_loss" in row
        and (row["val_loss"] is None or _is_number(row["val_loss"]))
    )
    return row if whole else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST


@cache  # once for each file and damage: a command reads it several times
def _note_skipped(path: Path, numbers: tuple[int, ...], most: int = 5) -> None:
    named = ", ".join(map(str, numbers[:most])) + (f" and {len(numbers) - most} more" if len(numbers) > most else "")
    log.info("%s: skipped line%s %s, which cannot be read", path, "s" if len(numbers) > 1 else "", named)
