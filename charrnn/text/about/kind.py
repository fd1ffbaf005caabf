"""Judges by its beginning what a text is: a list, whose lines are in no order that matters, or a text with an order.

Lines of a list are shuffled, and what their order carried is lost: when in doubt, a text is a text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from charrnn.config import Config
from charrnn.hints import counted
from charrnn.text.about.order import not_alphabetical, resemblance, rising_number
from charrnn.text.characters.normal import in_form
from charrnn.text.files.source import Source
from charrnn.text.reading.configured import characters, raw
from charrnn.text.reading.reader import Reader

HEAD_CHARS = 1 << 18  # characters of a text that are looked at
_FEWEST_LINES = 200  # of fewer lines, too few can be held out
_SHORT = 40  # characters; names and titles are hardly longer
_SHORT_FRACTION = 0.98  # share of lines that must be short and not empty; verse and code have empty lines
_DIFFERENT = 0.9  # share of lines that must differ; in a sequence the same elements occur again and again
_WORDS = 4.0  # words a line, on average; more are sentences
_SMALL_WORDS = 2.5  # the same if most words after the first begin with a small letter, or if a script has no capitals
_ENDS = ".,;:!?…|-—。，、；：！？।؟،۔"  # what sentences, verses and bars of music end with
_ENDED = 0.2  # share of lines with such an end; a few names of companies and passwords have one, too
_INDENTED = 0.05  # share of lines that begin with a space, as in code
_LONGEST_CODE = 8  # longer lines that are all of one length are a text that was wrapped, such as base64 or DNA
_ONE_LENGTH = 0.9  # share of lines of the same length
_FEWEST_CHARACTERS = 12  # different ones; fewer are those of codes, such as DNA, digits or Roman numerals
_LETTERS = 0.5  # share of lines that must have a letter
_ORDER = 0.12  # resemblance of neighbours above which order matters
# The same for single words: in a list of the creatures of a game, forms of the same name follow each other.
_ORDER_OF_WORDS = 0.4
# Letters a word in scripts that write no spaces between words.
_UNSPACED = (
    (re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 1.2),
    (re.compile("[\u3040-\u30ff]"), 3.0),
    (re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]"), 5.0),
)
_ANY_UNSPACED = re.compile("|".join(script.pattern for script, _ in _UNSPACED))
_ONE_WORD = re.compile(r"[^\d,;:=|\t]*\d*[^\d,;:=|\t]*")  # a word, with at most one number
_FEWEST_RECORDS = 50
_ALIKE_RECORDS = 0.8  # share of records that begin alike


@dataclass(frozen=True)
class Kind:
    """What a text is taken for.

    name: list or text. why: the reason, in words that follow "taken for a list:". lines: their number in the beginning
    that was looked at. different: the share of lines that differ. whole: whether the beginning is the whole text. near:
    whether its lines are short and many, as those of a list, and only what they say makes it a text. records: pieces
    separated by empty lines that begin alike; 0 if it does not consist of such.
    """

    name: str
    why: str
    lines: int = 0
    different: float = 0.0
    whole: bool = True
    near: bool = False
    records: int = 0


def kind_of(source: Source, config: Config) -> Kind:
    """What the text is, as `config` reads it; several texts are a list if each of them is. Empty ones do not count.

    Raises:
        CorpusError: it cannot be read as `config` says.
    """
    heads = [head for text in source.texts or (source,) if (head := _head(text, config))]
    texts = [_lines(head) for head in heads]
    count = sum(map(len, texts))
    different = sum(len(set(lines)) for lines in texts) / max(1, count)
    whys = [found for lines in texts if (found := _why_text(lines))]
    if count < _FEWEST_LINES:
        whys = [(f"it has only {counted(count, 'line')}", False)]
    why, near = min(whys, key=lambda each: each[1], default=("in no order that matters", False))
    return Kind(
        name="text" if whys else "list",
        why=why,
        lines=count,
        different=different,
        whole=all(len(head) < HEAD_CHARS for head in heads),
        near=near,
        records=sum(map(_records, heads)),
    )


def count_records(source: Source, config: Config) -> tuple[int, bool]:
    """The number of records in the beginning of the text, as `config` separates them, and whether that is all of it.

    Empty ones do not count.

    Raises:
        CorpusError: it cannot be read as `config` says.
    """
    head = _head(source, config)
    whole = len(head) < HEAD_CHARS
    *ended, last = head.split(config.separator)
    return sum(map(bool, ended)) + (whole and bool(last)), whole


def _head(source: Source, config: Config) -> str:
    """The first characters of the text; its bytes are taken for UTF-8 if they are what is learned."""
    reader = Reader(source)
    blocks: Iterator[str]
    if config.bytes:
        blocks = (block.decode("utf-8", "replace") for block in raw(reader, config, source.files))
    else:
        blocks = characters(reader, config, source.files)
    head, length = [], 0
    for block in blocks:
        head.append(block)
        length += len(block)
        if length >= HEAD_CHARS:
            break
    return "".join(head)[:HEAD_CHARS]


def _lines(head: str) -> list[str]:
    """The lines, without the last one if it may be cut off; a letter and its accent count as one character."""
    *lines, last = head.split("\n")
    if last and len(head) < HEAD_CHARS:
        lines.append(last)
    return [in_form(line.removesuffix("\r"), "nfc") for line in lines]


def _why_text(lines: Sequence[str]) -> tuple[str, bool] | None:
    """Why lines are not those of a list, and whether they are short and many all the same; None if they are."""
    full = [line for line in lines if line.strip()]
    if sum(len(line) <= _SHORT for line in full) < max(1, _SHORT_FRACTION * len(lines)):
        return "some of its lines are long or empty", False
    if len(set(full)) < _DIFFERENT * len(full):
        return f"only {len(set(full)):,} of its {len(full):,} lines differ", True
    if sum(line[0].isspace() for line in full) > _INDENTED * len(full):
        return "lines are indented", True
    if len(set().union(*full)) < _FEWEST_CHARACTERS:
        return f"its lines have only {counted(len(set().union(*full)), 'different character')}", True
    if sum(any(map(str.isalpha, line)) for line in full) < _LETTERS * len(full):
        return "its lines have no letters", True
    if sum(line.rstrip()[-1] in _ENDS for line in full) > _ENDED * len(full):
        return "its lines end as sentences or verses do", True
    words = sum(map(_count_words, full)) / len(full)
    if words > _most_words(full):
        return f"its lines are sentences or verses, of {words:.1f} words on average", True
    if _one_length(full):
        return "its lines are all of one length", True
    return (why, True) if (why := _why_ordered(full, words)) else None


def _why_ordered(lines: Sequence[str], words: float) -> str | None:
    """Why the order of lines carries something, other than the alphabet; None if it does not."""
    lettered = sum(line[0].isalpha() for line in lines) > len(lines) / 2
    single = lettered and words < 1.5 and sum(map(bool, map(_ONE_WORD.fullmatch, lines))) > _ONE_LENGTH * len(lines)
    if not single and rising_number(lines):
        return "its numbers rise or fall from line to line"
    unsorted = not_alphabetical(lines) if lettered else lines
    if resemblance(unsorted, numbers=not single) > (_ORDER_OF_WORDS if single else _ORDER):
        return "neighbouring lines resemble each other"
    return None


def _count_words(line: str) -> float:
    """Words of a line; those of scripts without spaces are estimated."""
    unspaced = sum(len(script.findall(line)) / size for script, size in _UNSPACED)
    spaced = _ANY_UNSPACED.sub(" ", line) if unspaced else line
    return unspaced + len(spaced.split())


def _most_words(lines: Sequence[str]) -> float:
    """The words on average that the lines of a list have at most."""
    later = [word[0] for line in lines for word in line.split()[1:]]
    cased = [letter for letter in later if letter.isalpha() and letter.lower() != letter.upper()]
    if not cased:
        return _SMALL_WORDS if later else _WORDS
    return _SMALL_WORDS if sum(map(str.islower, cased)) > len(later) / 2 else _WORDS


def _one_length(lines: Sequence[str]) -> bool:
    """Whether nearly all lines have the same length, as those of a wrapped text have."""
    (length, count), *_ = Counter(map(len, lines)).most_common(1)
    return length > _LONGEST_CODE and count >= _ONE_LENGTH * len(lines)


def _records(head: str) -> int:
    """The number of pieces separated by empty lines, if they are many and begin alike; else 0."""
    pieces = [piece for piece in re.split(r"(?:\r?\n){2,}", head.strip()) if piece]
    if len(pieces) < _FEWEST_RECORDS:
        return 0
    begins = Counter(piece.split(maxsplit=1)[0] for piece in pieces)
    return len(pieces) if begins.most_common(1)[0][1] >= _ALIKE_RECORDS * len(pieces) else 0
