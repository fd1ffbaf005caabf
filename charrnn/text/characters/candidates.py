"""Encodings in which a text that is not UTF-8 reads as words, for an error message; the user has the last word."""

import codecs
from collections.abc import Iterable
from itertools import chain, groupby
from typing import NamedTuple
from unicodedata import category, name

_SAMPLE_BYTES = 1 << 14  # from the first line that is not ASCII
_MOST_NAMED = 3
_ENOUGH = 0.9  # share of the characters beyond ASCII that must make sense
_NEAR = 0.05  # candidates this close to the best are named, too
_PREVIEW = 40  # characters
_MANY_WORDS = 20  # some of which begin with a capital, in scripts that have them

# Of readings that are equal, the first in this order is named, and of equally good ones it is named first.
_ALPHABETS = (
    *("latin-1", "cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "mac-roman", "cp850", "cp437", "cp852"),
    *("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic", "cp1253", "iso8859-7", "cp1255", "cp1256"),
    *("iso8859-6", "cp874"),
)
_UTF_16 = ("utf-16-le", "utf-16-be")
_JAPANESE = ("shift_jis", "cp932", "euc_jp", *_UTF_16)
_KOREAN = ("euc_kr", "cp949", *_UTF_16)
_SIMPLIFIED = ("gb18030", *_UTF_16)
_TRADITIONAL = ("big5", "cp950", "gb18030", *_UTF_16)
_EAST_ASIAN = tuple(dict.fromkeys(_JAPANESE + _KOREAN + _TRADITIONAL))

_MARKS = frozenset("“”‘’„‚‹›«»–—―…€£•·°§©®™№¿¡´\u00a0\u00ad†‡±²³¼½¾×ªº¦¨¸")
_MARKS_WITHIN_WORDS = frozenset("’·\u00ad")


class Candidate(NamedTuple):
    """An encoding, and how the first line beyond ASCII reads in it, cut off if it is long."""

    encoding: str
    preview: str


def candidates(blocks: Iterable[bytes]) -> list[Candidate]:
    """Encodings in which a sample of a text reads as words of one script, the best first."""
    blocks = iter(blocks)
    head = next(blocks, b"")
    sample = _sample(chain([head], blocks))
    scores: dict[str, float] = {}  # by reading
    encodings: dict[str, str] = {}
    for encoding in (*_ALPHABETS, *_EAST_ASIAN):
        text = _decoded(head if encoding in _UTF_16 else sample, encoding)
        if text and text not in scores:
            scores[text] = _east_asian(text, encoding) if encoding in _EAST_ASIAN else _words(text)
            encodings[text] = encoding
    best = max(scores.values(), default=0)
    found = [text for text, score in scores.items() if score >= max(_ENOUGH, best - _NEAR)]
    found.sort(key=lambda text: -scores[text])  # stable
    return [Candidate(encodings[text], _preview(text)) for text in found[:_MOST_NAMED]]


def _sample(blocks: Iterable[bytes]) -> bytes:
    """At most _SAMPLE_BYTES of a text, from the beginning of the first line with a byte beyond ASCII."""
    line, sample = b"", b""
    for block in blocks:
        if sample:
            sample += block
        elif block.isascii():
            line = (line + block)[-_SAMPLE_BYTES // 4 :].rpartition(b"\n")[2]
        else:
            block = line + block
            first = next(index for index, byte in enumerate(block) if byte >= 0x80)
            sample = block[max(block.rfind(b"\n", 0, first) + 1, first - _SAMPLE_BYTES // 4) :]
        if len(sample) >= _SAMPLE_BYTES:
            break
    return sample[:_SAMPLE_BYTES]


def _decoded(sample: bytes, encoding: str) -> str:
    """The text of a sample, which may end within a character; empty if it is not in the encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return ""
    kinds = {category(each) for each in set(text) if each > "\x7f" and each not in "\x85\ufeff"}
    return "" if "\0" in text or kinds & {"Cc", "Cn", "Co", "Cs"} else text


def _words(text: str) -> float:
    """The share of the characters beyond ASCII that stand in words of one script and case, or are usual marks."""
    runs = ["".join(run) for _, run in groupby(text, _kind)]
    words = [run for run in runs if not run.isascii() and category(run[0])[0] in "LM"]
    good = sum(_likelihood(word) * _beyond(word) for word in words)
    for number, run in enumerate(runs):
        within = len(run) == 1 and 0 < number < len(runs) - 1  # runs of letters and of others alternate
        good += sum(each in (_MARKS_WITHIN_WORDS if within else _MARKS) for each in run)
    kind = 0.96 if len(words) >= _MANY_WORDS and not any(_has_capital(word) for word in words) else 1.0
    return kind * good / max(1, _beyond(text))


def _kind(character: str) -> bool:
    return category(character)[0] in "LM" and character not in _MARKS


def _beyond(text: str) -> int:
    return sum(each > "\x7f" for each in text)


def _has_capital(word: str) -> bool:
    """Whether a word begins with a capital, or has a script without them, or one in which most letters are ASCII."""
    return word[0].isupper() or word.lower() == word.upper() or _script(word[0]) == "LATIN"


def _likelihood(word: str) -> float:
    """How likely a word is a word, from 0 to 1.

    It has one script, and capitals only at its beginning or throughout. A word of Latin letters has some of ASCII. In
    other scripts, encodings that swap the cases are told by their words of capitals.
    """
    scripts = {_script(each) for each in word} - {"COMBINING"}
    if len(scripts) != 1 or category(word[0])[0] == "M":
        return 0.0
    if not (word.islower() or word[1:].islower() or word.isupper() or len(word) == 1 or word.lower() == word.upper()):
        return 0.0
    if scripts == {"LATIN"}:
        return float(len(word) == 1 or 3 * sum(each.isascii() for each in word) >= len(word))
    return 0.96 if word.isupper() and len(word) > 1 else 1.0


def _script(character: str) -> str:
    return name(character, "?").partition(" ")[0]


def reads_as_east_asian(text: str, encoding: str) -> bool:
    """Whether `text`, decoded from `encoding`, is Chinese, Japanese or Korean: most of its characters are common."""
    return _east_asian(text, encoding) > 0


def _east_asian(text: str, encoding: str) -> float:
    """Whether most characters are common ones, by which a wrong reading is told: kana, Korean syllables, usual Han.

    1 for Japanese and Korean, a little less for Chinese, as which Korean can be read, else 0.
    """
    letters = [each for each in text if category(each) == "Lo"]
    if 2 * len(letters) < _beyond(text) or not letters:
        return 0.0

    def most(found: Iterable[bool], share: float = 0.8) -> bool:
        return sum(found) >= share * len(letters)

    if encoding in _JAPANESE and most(("\u3040" <= each < "\u3100" for each in letters), 0.2):
        return 0.0 if any("\uff61" <= each < "\uffa0" for each in letters) else 1.0
    if encoding in _KOREAN and most(0xB0 <= _lead(each, "euc_kr") <= 0xC8 for each in letters):
        return 1.0
    # The first level of both sets has the common characters: GB 2312 to D7F9, Big5 to C67E.
    simplified = encoding in _SIMPLIFIED and most(0xB0 <= _lead(each, "gb2312") <= 0xD7 for each in letters)
    traditional = encoding in _TRADITIONAL and most(0xA4 <= _lead(each, "big5") <= 0xC6 for each in letters)
    return 0.94 if simplified or traditional else 0.0


def _lead(character: str, encoding: str) -> int:
    code = character.encode(encoding, "ignore")
    return code[0] if code else 0x100


def _preview(text: str) -> str:
    line = next((line for line in text.splitlines() if not line.isascii()), text)
    first = next(index for index, each in enumerate(line) if each > "\x7f")
    start = 0 if first < 3 * _PREVIEW // 4 else first - _PREVIEW // 4
    shown = line[start : start + _PREVIEW].strip()
    return "".join(each if each.isprintable() else "·" for each in shown)
