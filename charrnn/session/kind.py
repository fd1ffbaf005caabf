"""What a text is taken for: a text, a list or records; and the settings and notices that follow."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.config import LISTS, Config
from charrnn.errors import OptionError
from charrnn.session.request import COMMAND_LINE
from charrnn.text.about.kind import Kind, count_records
from charrnn.text.characters.escapes import spelled
from charrnn.text.files.source import Source

FILE_END = "\x1e"  # U+001E, the record separator of ASCII
MANY_FILES = 20  # of short lines: each is likely to be a whole
_EMPTY_LINE = {"\n\n", "\r\n\r\n", "\r\r"}

Layer = tuple[str, Mapping[str, Any]]  # settings, and who gave them


def settle(kind: str | None, layers: Sequence[Layer], source: Source | None = None) -> Layer:
    """The split and the separator of records that follow from what a text is taken for.

    kind: what the user takes it for, or None. layers: who gave which settings, in the order of `resolve`; the result
    goes below the last, the command line, which wins.

    Raises:
        OptionError: the command line contradicts `kind`.
    """
    given: dict[str, Any] = {}
    for _, settings in layers:
        given |= settings
    asked = layers[-1][1]
    split, separator = given.get("split", Config.split), given.get("separator", "")
    if kind is None:
        return "the separator", {"split": "unique-lines"} if separator and "split" not in given else {}
    _refuse_contradictions(kind, asked)
    if kind == "text":
        settled = {"split": "contiguous"} if split in LISTS else {}
    else:
        settled = {} if split in LISTS or "split" in asked else {"split": "unique-lines"}
    if kind != "records":
        settled |= {"separator": ""} if separator else {}
    elif not separator:
        several = source is not None and len(source.files) > 1
        settled["separator"] = given.get("between") or FILE_END if several else "\n\n"
    return f"--as {kind}", settled


def _refuse_contradictions(kind: str, asked: Mapping[str, Any]) -> None:
    split = asked.get("split")
    if split and kind == "text" and split in LISTS:
        raise OptionError(
            f"--as text keeps the order of lines, and --split {split} shuffles them; leave one of them out"
        )
    if split and kind == "list" and split not in LISTS:
        raise OptionError(f"--as list shuffles lines, and --split {split} keeps their order; leave one of them out")
    if asked.get("separator") and kind != "records":
        raise OptionError(f"--separator is the end of a record, and --as {kind} has none; use --as records")


@dataclass(frozen=True)
class Taken:
    """What a text is taken for, and why, in words; notices: lines for the user about it."""

    name: str
    why: str
    notices: tuple[str, ...] = ()


def taken(kind: Kind, source: Source, config: Config, given_by: Mapping[str, str], asked: str | None) -> Taken:
    """What the text is taken for under the settings of a run; `asked` is what the user takes it for.

    Raises:
        CorpusError: it cannot be read as `config` says.
    """
    shuffled = config.split in LISTS
    typed = given_by.get("split") == COMMAND_LINE
    by = f"--as {asked}" if asked else _giver(config, given_by)
    if config.separator:
        why, notice = _records(source, config, shuffled)
        return Taken("records", why, (notice,))
    if shuffled and kind.name == "list":
        why = f"{_described(kind)}, {kind.why}"
        return Taken("list", why, (_shuffled(f": {why}", config, typed),))
    if shuffled:
        return Taken("list", f"by {by}", (_shuffled(f" by {by}", config, typed),) if kind.lines > 1 else ())
    if asked == "text":
        return Taken("text", "by --as text")
    if kind.name == "list":
        why = f"{by} keeps the order of its lines"
        other = "--split unique-lines" if typed else "--as list"
        return Taken("text", why, (f"{_described(kind)}, as in a list; {by} keeps their order, {other} shuffles them",))
    return Taken("text", kind.why, () if "split" in given_by else _suggestions(kind, source))


def _shuffled(why: str, config: Config, typed: bool) -> str:
    other = "--split contiguous" if typed else "--as text"  # each option is refused beside the other
    return f"taken for a list{why}: lines are shuffled{_held_out(config)}; {other} keeps their order"


def _suggestions(kind: Kind, source: Source) -> tuple[str, ...]:
    """What the user may want to take a text for instead."""
    whole = "--as records learns each as a whole, and shuffles them"
    if kind.records and len(source.files) == 1:
        return (f"{kind.records:,} pieces between empty lines begin alike; {whole}",)
    if kind.near and len(source.files) >= MANY_FILES:
        return (f"{len(source.files):,} files are taken for one text; {whole}",)
    if kind.near:
        return (f"taken for a text, not a list: {kind.why}; order is kept; --as list shuffles lines",)
    return ()


def _giver(config: Config, given_by: Mapping[str, str]) -> str:
    """Who gave the split, as a user would say it."""
    by = given_by.get("split")
    return by if by not in (None, COMMAND_LINE) else f"--split {config.split}" if by else f"split {config.split}"


def _described(kind: Kind) -> str:
    first = "" if kind.whole else "the first "
    different = "all" if kind.different == 1 else f"{math.floor(100 * kind.different)}%"
    return f"{first}{kind.lines:,} short lines, {different} of them different"


def _records(source: Source, config: Config, shuffled: bool) -> tuple[str, str]:
    """What records the text has, and the notice about them."""
    count, whole = count_records(source, config)
    separator = shown(config.separator)
    some = "" if whole else "the first "
    units = "record" if count == 1 else "records"
    order = (
        f"they are shuffled{_held_out(config)}; --split contiguous keeps their order"
        if shuffled
        else "their order is kept"
    )
    return (
        f"{some}{count:,}, separated by {separator}",
        f"taken for {some}{count:,} {units}, separated by {separator}: {order}{_few_files(config, count)}",
    )


def _few_files(config: Config, count: int) -> str:
    """Another way to divide a few files, each of which may hold many records."""
    if config.separator != FILE_END or count >= MANY_FILES:
        return ""
    return "; --separator '\\n\\n' divides files at empty lines, too"


def shown(separator: str) -> str:
    """A separator in words."""
    if separator in _EMPTY_LINE:
        return "an empty line"
    return "the end of each file" if separator == FILE_END else spelled(separator)


def _held_out(config: Config) -> str:
    """What is held out of a list or of records, in words that follow."""
    share = config.val_fraction * (not config.val) + config.test_fraction * (not config.test)
    which = "of the different ones" if config.split == "unique-lines" else "of them"
    return f", and {100 * share:g}% {which} held out" if share else ""
