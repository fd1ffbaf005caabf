"""Words, lines and brackets of a text, and statistics about them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.text.known_records import after_run, whole_records
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
class RecordCounts:
    """Number of whole records, such as lines, and the shares that are new, repeat an earlier one, or are copied."""

    count: int
    new: float | None  # neither repeated nor copied
    repeated: float | None
    copied: float | None


def words_of(text: str) -> list[str]:
    """The words of a text that may be cut off anywhere, without the last one, which may be half a word."""
    return _WORD.findall(text)[:-1]


def records_of(text: str, end: str) -> list[str]:
    """The records of a text that may be cut off anywhere, without empty ones and without the last one."""
    return [record for each in text.split(end)[:-1] if (record := after_run(each, end))]


def present(
    ids: np.ndarray, vocabulary: Vocabulary, words: set[str], records: set[str], end: str = "\n"
) -> tuple[set[str], set[str]]:
    """The subsets of `words` and of `records`, each of which ends with `end`, that occur in the text of `ids`."""
    found_words, found_records = set(), set()
    for some in whole_records(ids, vocabulary, end):
        found_words |= words.intersection(_WORD.findall(end.join(some)))
        found_records |= records.intersection(some)
    return found_words, found_records


def distinct(texts: Iterable[Sequence[str]], n: int) -> float | None:
    """The share of distinct n-grams among all n-grams of words (Li et al. 2016); it falls as the text grows."""
    grams = [tuple(words[start : start + n]) for words in texts for start in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


def count_records(records: Sequence[str], known: set[str]) -> RecordCounts:
    """Count new, repeated and copied records; `known` are those that occur in the training text."""
    before: set[str] = set()
    new = repeated = 0
    for record in records:
        repeated += record in before
        new += record not in before and record not in known
        before.add(record)
    copied = sum(record in known for record in records)
    shares = (count / len(records) if records else None for count in (new, repeated, copied))
    return RecordCounts(len(records), *shares)


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
