"""What can be counted in a text: words, lines, brackets."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.text.vocabulary import Vocabulary

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_BRACKET = re.compile(r"[()\[\]{}]")
_PARTNERS = {")": "(", "]": "[", "}": "{"}
_IDS_AT_ONCE = 1 << 22  # ids decoded together
_CALL = re.compile(r"\w\(")  # f(x); in prose a space stands before a bracket
# From these numbers to a character on a text is code. Sources of C have 0.006 braces; those of Python may have none,
# and have 0.01 calls and definitions. Prose has no braces, and fewer than 0.001 of what looks like a call, as page(s).
_BRACES = 0.002
_CALLS = 0.003


@dataclass(frozen=True)
class LineCounts:
    """How many whole lines there are, and the shares of those that are new, repeat an earlier one, or are copied."""

    count: int
    new: float | None  # neither of the others
    repeated: float | None
    copied: float | None


def words_of(text: str) -> list[str]:
    """The words of a text that was cut off somewhere: the last one may be half a word, and is left out."""
    return _WORD.findall(text)[:-1]


def lines_of(text: str) -> list[str]:
    """The lines of a text that was cut off somewhere, without empty ones."""
    return [line for line in text.split("\n")[:-1] if line]


def present(ids: np.ndarray, vocabulary: Vocabulary, words: set[str], lines: set[str]) -> tuple[set[str], set[str]]:
    """Which of `words` and of `lines` are in the text of `ids`."""
    found_words, found_lines = set(), set()
    for piece in _whole_lines(ids, vocabulary):
        found_words |= words.intersection(_WORD.findall(piece))
        found_lines |= lines.intersection(piece.split("\n"))
    return found_words, found_lines


def _whole_lines(ids: np.ndarray, vocabulary: Vocabulary) -> Iterator[str]:
    """The text in pieces that end where lines do."""
    decoder, held = vocabulary.decoder(), ""
    for start in range(0, len(ids), _IDS_AT_ONCE):
        lines, newline, held = (held + decoder.decode(ids[start : start + _IDS_AT_ONCE])).rpartition("\n")
        yield lines + newline
    yield held


def distinct(texts: Iterable[Sequence[str]], n: int) -> float | None:
    """The share of different ones among all n-grams of words (Li et al. 2016); the more text, the smaller it is."""
    grams = [tuple(words[start : start + n]) for words in texts for start in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


def count_lines(lines: Sequence[str], known: set[str]) -> LineCounts:
    """Sort lines; `known` are those that are in the text learned from."""
    before: set[str] = set()
    new = repeated = 0
    for line in lines:
        repeated += line in before
        new += line not in before and line not in known
        before.add(line)
    copied = sum(line in known for line in lines)
    return LineCounts(len(lines), *(count / len(lines) if lines else None for count in (new, repeated, copied)))


def is_code(text: str) -> bool:
    """Whether there are so many braces, or brackets right behind a word, that it must be source code."""
    braces, calls = text.count("{") + text.count("}"), len(_CALL.findall(text))
    return braces > _BRACES * len(text) or calls > _CALLS * len(text)


def paired_brackets(texts: Iterable[str]) -> float | None:
    """The share of round, square and curly brackets that have their partner in the same text."""
    paired = total = 0
    for text in texts:
        brackets = _BRACKET.findall(text)
        paired, total = paired + 2 * _pairs(brackets), total + len(brackets)
    return paired / total if total else None


def _pairs(brackets: Iterable[str]) -> int:
    pairs, opened = 0, []
    for bracket in brackets:
        partner = _PARTNERS.get(bracket)
        if partner is None:
            opened.append(bracket)
        elif partner in opened:  # what was opened after it stays without a partner
            while opened.pop() != partner:
                pass
            pairs += 1
    return pairs
