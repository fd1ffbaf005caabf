"""Words, lines and brackets of a text, and statistics about them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.text.known_lines import whole_lines
from charrnn.text.vocabulary import Vocabulary

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_BRACKET = re.compile(r"[()\[\]{}]")
_PARTNERS = {")": "(", "]": "[", "}": "{"}
_CALL = re.compile(r"\w\(")  # f(x); prose has a space before a bracket
# A text with more braces or calls per character than this is code. C has several times as many braces; Python may have
# none, but several times as many calls and definitions. Prose has no braces, and few words that look like a call(s).
_BRACES = 0.002
_CALLS = 0.003


@dataclass(frozen=True)
class LineCounts:
    """Number of whole lines, and the shares of them that are new, repeat an earlier line, or are copied."""

    count: int
    new: float | None  # neither repeated nor copied
    repeated: float | None
    copied: float | None


def words_of(text: str) -> list[str]:
    """The words of a text that may be cut off anywhere, without the last one, which may be half a word."""
    return _WORD.findall(text)[:-1]


def lines_of(text: str) -> list[str]:
    """The lines of a text that may be cut off anywhere, without empty lines and without the last one."""
    return [line for line in text.split("\n")[:-1] if line]


def present(ids: np.ndarray, vocabulary: Vocabulary, words: set[str], lines: set[str]) -> tuple[set[str], set[str]]:
    """The subsets of `words` and of `lines` that occur in the text of `ids`."""
    found_words, found_lines = set(), set()
    for piece in whole_lines(ids, vocabulary):
        found_words |= words.intersection(_WORD.findall(piece))
        found_lines |= lines.intersection(piece.split("\n"))
    return found_words, found_lines


def distinct(texts: Iterable[Sequence[str]], n: int) -> float | None:
    """The share of distinct n-grams among all n-grams of words (Li et al. 2016); it falls as the text grows."""
    grams = [tuple(words[start : start + n]) for words in texts for start in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


def count_lines(lines: Sequence[str], known: set[str]) -> LineCounts:
    """Count new, repeated and copied lines; `known` are the lines that occur in the training text."""
    before: set[str] = set()
    new = repeated = 0
    for line in lines:
        repeated += line in before
        new += line not in before and line not in known
        before.add(line)
    copied = sum(line in known for line in lines)
    return LineCounts(len(lines), *(count / len(lines) if lines else None for count in (new, repeated, copied)))


def is_code(text: str) -> bool:
    """Whether a text is source code, as its braces and brackets right after a word suggest."""
    braces, calls = text.count("{") + text.count("}"), len(_CALL.findall(text))
    return braces > _BRACES * len(text) or calls > _CALLS * len(text)


def paired_brackets(texts: Iterable[str]) -> float | None:
    """The share of round, square and curly brackets that have their partner in the same text; None without brackets."""
    paired = total = 0
    for text in texts:
        brackets = _BRACKET.findall(text)
        paired, total = paired + 2 * _pairs(brackets), total + len(brackets)
    return paired / total if total else None


def _pairs(brackets: Iterable[str]) -> int:
    """Number of pairs; a bracket left open inside a pair has no partner."""
    pairs = 0
    opened: list[str] = []
    for bracket in brackets:
        partner = _PARTNERS.get(bracket)
        if partner is None:
            opened.append(bracket)
        elif partner in opened:  # brackets opened after it have no partner
            while opened.pop() != partner:
                pass
            pairs += 1
    return pairs
