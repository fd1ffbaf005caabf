"""Tells the user what was found in a text and what was done with it, a line each."""

import codecs
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from charrnn.config import Config
from charrnn.hints import counted
from charrnn.text.characters.normal import FORMS, composed, joins
from charrnn.text.files.formats import head_of, recognized_encoding
from charrnn.text.files.source import Source
from charrnn.text.reading.configured import characters
from charrnn.text.reading.reader import Reader
from charrnn.text.vocabulary import Vocabulary, count_characters

INVISIBLE = {
    "\u00ad": "soft hyphen",
    "\u200b": "zero-width space",
    "\u2060": "word joiner",
    "\ufeff": "byte order mark",
}
_MOST_SHOWN = 5
RARE = 5  # characters that occur less often than this are hardly learned
MANY_SYMBOLS = 1000


def notices(
    source: Source,
    reader: Reader,
    config: Config,
    vocabulary: Vocabulary,
    counts: Mapping[str, int],
    lengths: Sequence[int],
    left_out: int,
) -> Iterator[str]:
    """The lines for the user about a text that `reader` has read to its end.

    counts: how often each character occurs; empty if bytes are learned. lengths: of the parts, in characters. left_out:
    characters in none of them.
    """
    yield from source.notices
    for encoding, number in reader.marked.items():
        which = f"{counted(number, 'file')} " if len(source.files) > 1 else ""
        yield f"read {which}as {encoding}, as the byte order mark says"
    for encoding, number in reader.unmarked.items():
        which = f"{counted(number, 'file')} " if len(source.files) > 1 else ""
        its = "its" if number == 1 else "their"
        order = "little" if encoding.endswith("LE") else "big"
        yield f"read {which}as UTF-16 ({order}-endian), as {its} zeros say; --encoding names another"
    if reader.boms:
        yield f"removed {counted(reader.boms, 'byte order mark')}"
    if reader.undecoded:
        done = "left out" if config.errors == "ignore" else "replaced"
        yield f"{done} {counted(reader.undecoded, 'byte')} not in {config.encoding} (--errors {config.errors})"
    files = len(source.all_files)
    if reader.joined and files > 1 and not (config.separator and reader.joined == files):
        yield _joined(reader.joined, config)
    if line_ends := _listed(reader.line_ends):
        if config.newlines == "lf":
            yield f"made {line_ends} LF"
        elif not config.bytes:
            mixed = "\n" in config.separator and "\r" not in config.separator  # files with LF, and files without
            apart = ", where no record ends, as the separator has LF" if mixed else ""
            yield f"kept {line_ends}{apart} (--newlines lf makes them LF)"
    yield from _encoding(source, config, counts)
    if codecs.lookup(config.encoding).name == "utf-8" and not (reader.marked or reader.unmarked):
        yield from _invisible(counts)
    yield from _accents(source, config, counts)
    yield from _rare(config, vocabulary, counts)
    if config.split == "unique-lines" and not config.weight and left_out > 0:
        units = "records" if config.separator else "lines"
        yield (
            f"{counted(left_out, 'character')} of copies of held-out {units} are left out: nothing that is held out is "
            f"learned, and {counted(lengths[1], 'character')} remain to validate on"
        )
    if config.val_fraction + config.test_fraction and not sum(lengths[1:]):
        units = "records" if config.separator else "lines"
        few = {"unique-lines": f"too few different {units}", "lines": f"too few {units}"}.get(config.split, "too short")
        yield f"nothing held out: {few} for --val-fraction {config.val_fraction:g} --split {config.split}"


def _encoding(source: Source, config: Config, counts: Mapping[str, int]) -> Iterator[str]:
    """A better encoding than the one that was named, if characters that no text has say so."""
    controls = [each for each in counts if "\x80" <= each <= "\x9f" and each != "\x85"]
    if controls and codecs.lookup(config.encoding).name == "iso8859-1":
        with suppress(UnicodeDecodeError):
            marks = "".join(controls).encode("latin-1").decode("cp1252")
            number = sum(counts[each] for each in controls)
            yield (
                f"{counted(number, 'character')} {'is' if number == 1 else 'are'} among the control characters of "
                f"{config.encoding}; --encoding cp1252 reads them as {' '.join(marks[:_MOST_SHOWN])}"
            )
    if "\0" in counts and len(source.all_files) == 1:
        found = recognized_encoding(head_of(source.all_files[0]))
        if found and codecs.lookup(config.encoding) != codecs.lookup(found):
            nul = f"{counts[chr(0)]:,} characters are NUL, as the text is {found}"
            yield f"{nul}; leave out --encoding {config.encoding}"


def _invisible(counts: Mapping[str, int]) -> Iterator[str]:
    """Characters of a text in UTF-8 that nobody sees and no script needs, and that make two words of one."""
    if found := {name: counts[each] for each, name in INVISIBLE.items() if each in counts}:
        *others, last = (counted(number, name) for name, number in found.items())
        codes = "".join(f"\\x{{{ord(each):x}}}" for each in INVISIBLE)
        yield (
            f"kept {', '.join(others)}{' and ' if others else ''}{last}, which nobody sees; "
            f"perl -CSD -pe 's/[{codes}]//g' FILE > CLEAN leaves them out"
        )


def _accents(source: Source, config: Config, counts: Mapping[str, int]) -> Iterator[str]:
    """A suggestion if accents are written in two ways; only a text that has both is read again."""
    if config.normalize != "none" or not (any(map(composed, counts)) and any(map(joins, counts))):
        return
    for form in FORMS:
        number = len(count_characters(characters(Reader(source), config.replace(normalize=form))))
        if number < len(counts):
            yield (
                "accents are written in two ways, composed and decomposed; "
                f"--normalize {form} makes {number:,} characters of {len(counts):,}"
            )
            return


def _rare(config: Config, vocabulary: Vocabulary, counts: Mapping[str, int]) -> Iterator[str]:
    """What becomes of rare characters; a suggestion if they are most of a large vocabulary."""
    known = set(vocabulary.characters or "")
    unknown = [count for character, count in counts.items() if character not in known]
    if unknown:
        yield (
            f"{len(unknown):,} of {len(counts):,} characters occur fewer than {config.vocab_min:,} times "
            f"({_percent(sum(unknown), sum(counts.values()))} of the text) and become one unknown symbol"
        )
    elif config.vocab_min > 1 and counts:
        yield f"no character occurs fewer than {config.vocab_min:,} times: --vocab-min has no effect"
    rare = [count for count in counts.values() if count < RARE]
    if config.vocab_min == 1 and len(counts) > MANY_SYMBOLS and 2 * len(rare) > len(counts):
        yield (
            f"{len(rare):,} of {len(counts):,} characters occur fewer than {RARE} times "
            f"({_percent(sum(rare), sum(counts.values()))} of the text); --vocab-min {RARE} makes them one symbol, "
            "and training faster"
        )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2g}%"


def _joined(files: int, config: Config) -> str:
    """A line about files that got the end that they lacked."""
    number, end, each = counted(files, "file"), "s" if files == 1 else "", "it" if files == 1 else "each"
    if config.separator:
        return f"{number} end{end} without the separator; it was added after {each}"
    return f"{number} end{end} without a newline; one was added after {each}"


def _listed(line_ends: Counter[str]) -> str:
    """The numbers of line ends: 1 CRLF line end; 3 CRLF and 2 CR line ends. Empty if there are none."""
    *others, last = [f"{number} {name}" for name, number in line_ends.most_common()] or [""]
    plural = "s" if line_ends.total() > 1 else ""
    return f"{', '.join(others)}{' and ' if others else ''}{last} line end{plural}" if last else ""
