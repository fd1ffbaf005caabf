"""What is meant by a separator of records, or by a string between files, that a user typed.

It is the string as typed if the text has it. Otherwise its escapes may be meant, as cmd.exe has no other way to type a
line feed; and where the line ends of a text are kept, an empty line is CRLF CRLF, say.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from charrnn.config import Config
from charrnn.errors import SettingError
from charrnn.text.characters.escapes import spelled, unescaped
from charrnn.text.characters.line_ends import IN_TEXT
from charrnn.text.files.source import Source
from charrnn.text.reading.configured import blocks
from charrnn.text.reading.reader import Reader
from charrnn.text.vocabulary import raw


def understood(source: Source, config: Config) -> tuple[Config, list[str]]:
    """`config` with the separator and the string between files that are meant in `source`, and notices about them.

    Raises:
        SettingError: the separator leaves the text in one piece.
        CorpusError: the text cannot be read.
    """
    notices: list[str] = []
    separator, between = config.separator, config.between
    if separator:
        separator, found = _meant("separator", separator, source, config, notices)
        between = separator if between == config.separator else between
        _check_records(separator, source, config, occurs=found)
    if between != separator:
        between, _ = _meant("between", between, source, config, notices)
    return config.replace(separator=separator, between=between), notices


def mean_the_same(one: str, other: str) -> bool:
    """Whether two separators differ only in escapes and in the kind of their line ends, as typed and meant ones may."""
    return _with_lf(one) == _with_lf(other)


def _with_lf(text: str) -> str:
    plain = unescaped(text, of_bytes=False)
    for end in IN_TEXT.values():
        plain = plain.replace(end, "\n")
    return plain


def _meant(setting: str, typed: str, source: Source, config: Config, notices: list[str]) -> tuple[str, bool]:
    """What is meant by `typed`, and whether the text has it; `notices` gets a line if that is not what was typed."""
    plain = unescaped(typed, of_bytes=config.bytes)
    if plain == typed and setting == "between":
        return typed, False
    variants = [(text, end) for text in dict.fromkeys([typed, plain]) for end in ("\n", *IN_TEXT.values())]
    candidates = {text.replace("\n", end): text for text, end in reversed(variants)}
    found = _found([typed, *candidates, "\\"], source, config)
    meant = next((each for each in reversed(candidates) if each in found), None)
    if meant is None:
        meant = typed if "\\" in found else plain
    if candidates[meant] != typed:
        why = "as the text has that" if meant in found else "as the text has no backslash"
        notices.append(f"--{setting} '{typed}' is read as {spelled(candidates[meant])}, {why}")
    if candidates[meant] != meant:
        notices.append(
            f"the {setting} is {spelled(meant)}, as the line ends of the text are kept (--newlines lf makes them LF)"
        )
    return meant, meant in found


def _check_records(separator: str, source: Source, config: Config, *, occurs: bool) -> None:
    if _has_two_records(separator, source, config):
        return
    why = "it would be a single one" if occurs else "the text does not have it"
    raise SettingError(
        f"separator {spelled(separator)} does not divide {source.description} into records, as {why}; give the string "
        "that ends each record, or leave it out",
        "separator",
    )


def _has_two_records(separator: str, source: Source, config: Config) -> bool:
    """Whether two or more records are not empty; the end of a file ends a record, too."""
    sought, records = _as_read(separator, config), 0
    for file in source.files:
        held = ""
        for block in _blocks(file, source, config):
            *ended, held = (held + block).split(sought)
            records += sum(map(bool, ended))
            if records + bool(held) > 1:
                return True
            held = held[-len(sought) :]
        records += bool(held)
    return records > 1


def _found(wanted: Sequence[str], source: Source, config: Config) -> set[str]:
    """The subset of `wanted` that the files have; reading stops when the first of them is found."""
    sought = {_as_read(each, config): each for each in wanted}
    longest = max(map(len, sought))
    found: set[str] = set()
    for file in source.files:
        tail = ""
        for block in _blocks(file, source, config):
            block = tail + block
            found |= {name for each, name in sought.items() if name not in found and each in block}
            if wanted[0] in found:
                return found
            tail = block[-longest:]
    return found


def _blocks(file: Path, source: Source, config: Config) -> Iterator[str]:
    """The blocks of one file without anything after it; bytes as characters of the same codes."""
    alone = config.replace(separator="", between="")
    for block in blocks(Reader(source), alone, [file]):
        yield block.decode("latin-1") if isinstance(block, bytes) else block


def _as_read(text: str, config: Config) -> str:
    """`text` as `_blocks` yields it."""
    return raw(text).decode("latin-1") if config.bytes else text
