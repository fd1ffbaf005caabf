"""Unicode normal forms of a text that is read in blocks: a letter and its accent as one character, or as two."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal
from unicodedata import combining, decomposition, normalize

Form = Literal["NFC", "NFD"]
FORMS: dict[str, Form] = {"nfc": "NFC", "nfd": "NFD"}  # by the values of the setting `normalize`, without 'none'

_END_OF_MARKS = 0x30000  # beyond are ideographs and tags only, which neither join nor decompose


def in_form(text: str, form: str) -> str:
    """`text` in a normal form; `form` is a value of the setting `normalize`."""
    return text if form == "none" or text.isascii() else normalize(FORMS[form], text)


def with_form(blocks: Iterable[str], form: str) -> Iterator[str]:
    """The blocks of a text that are not empty, so that together they are the whole text in a normal form.

    The end of a block waits from its last character that cannot belong to the one before it, because the next block
    may begin with an accent for it.
    """
    held = ""
    for block in blocks:
        block = held + block
        end = _last_start(block)
        held = block[end:]
        if end:
            yield in_form(block[:end], form)
    if held:
        yield in_form(held, form)


def joins(character: str) -> bool:
    """Whether `character` can belong to the one before it: a combining mark, or the end of a Korean syllable."""
    return not character.isascii() and character in _joining()


def composed(character: str) -> bool:
    """Whether `character` is a letter with its accent, or a Korean syllable, which NFD makes two or more characters."""
    return not character.isascii() and len(normalize("NFD", character)) > 1


def _last_start(text: str) -> int:
    """The index of the last character that begins anew; 0 if there is none after the first."""
    return next((index for index in range(len(text) - 1, 0, -1) if not joins(text[index])), 0)


@cache
def _joining() -> frozenset[str]:
    """All characters that `joins` is true for, as this Python's Unicode tables say."""
    everything = list(map(chr, range(_END_OF_MARKS)))
    pairs = (decomposition(each).split() for each in everything)
    seconds = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    seconds.update(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))  # Korean vowels and final consonants
    found = {each for each in everything if combining(each) or each in seconds}
    return frozenset(found | {each for each in everything if normalize("NFD", each)[0] in found})
