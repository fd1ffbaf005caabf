"""Samples text from a model, and compares it and an equal amount of held-out text with the training text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np

from charrnn.config import LISTS
from charrnn.errors import CorpusError
from charrnn.evaluation.quality.copies import Copies
from charrnn.evaluation.quality.language import (
    RecordCounts,
    count_records,
    distinct,
    is_code,
    paired_brackets,
    present,
    records_of,
    words_of,
)
from charrnn.hints import command
from charrnn.runs.model import Model
from charrnn.sampling.opening import opening
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.known_records import before_text, places
from charrnn.text.tokens import Tokens

RUNS = (10, 20, 50)  # characters
GRAMS = (1, 2, 3)  # words
LENGTH = 1000  # characters in a text
LONGEST = 20_000  # characters in a text that is to hold whole records
_IDS_TO_MEASURE_RECORDS = 1 << 20  # enough to see how long they are
_IDS_TO_TELL_CODE = 1 << 20  # enough to see whether a text is code


@dataclass(frozen=True)
class Figures:
    """Statistics of some texts. Shares are from 0 to 1, and None if there is nothing to count.

    known_words: share of words that occur in the training text. copied: for each length in characters, the share of
    runs that occur in it. longest_copy, copy: length and text of the longest copied run. Runs of only blanks are left
    out of all three.
    distinct: for each n, the share of distinct n-grams of words. lines: only for lists. records: only for runs that
    learned records. brackets: only for code, the share that have a partner.
    """

    texts: int
    chars: int
    words: int
    known_words: float | None
    copied: dict[int, float | None]
    longest_copy: int
    copy: str
    distinct: dict[int, float | None]
    lines: RecordCounts | None
    brackets: float | None
    records: RecordCounts | None = None


@dataclass(frozen=True)
class QualityReport:
    """Figures of the sampled and the held-out texts; `held_out` is None if nothing is held out.

    If `bytes` is true, the model reads bytes, and all figures in characters are in bytes.
    """

    model: str
    bytes: bool
    seed: int
    choose: Filter
    drawn: Figures
    held_out: Figures | None


def judge(
    model: Model, choose: Filter, *, count: int, length: int | None = None, seed: int, as_list: bool | None = None
) -> QualityReport:
    """Sample `count` texts of `length` characters as one batch, and measure them; None chooses a length.

    If less text is held out, only as much is sampled and measured: the share of distinct words falls as a text grows,
    so texts of different lengths cannot be compared. `as_list` says whether lines are counted; None counts them if the
    model's split is one of lines. Records are counted if the model learned records.

    Raises:
        CorpusError: the training text is missing beside the model.
    """
    tokens = _training_text(model)
    separator = model.config.separator
    if as_list is None:
        as_list = model.config.split in LISTS and not separator
    end = _end(model)
    if length is None:
        length = _length(tokens, end) if separator else LENGTH
    real = held_out(tokens.val, count, length, end)
    drawn = draw(model, choose, count=len(real) or count, length=max(map(len, real), default=length), seed=seed)
    if real:
        drawn = [text[: len(piece)] for text, piece in zip(drawn, real, strict=True)]
    figures = measure(drawn, tokens, as_list=as_list, separator=separator)
    beside = measure(real, tokens, as_list=as_list, separator=separator) if real else None
    if beside and model.config.split == "unique-lines":
        beside = _without_copies(beside)
    return QualityReport(str(model.path), model.config.bytes, seed, choose, figures, beside)


def _without_copies(held_out: Figures) -> Figures:
    """Clear the figures that mean nothing for what was held out because it occurs nowhere else: none of it is known."""
    if held_out.records:
        return replace(held_out, records=replace(held_out.records, new=None, copied=None))
    lines = held_out.lines and replace(held_out.lines, new=None, copied=None)
    return replace(held_out, known_words=None, lines=lines)


def _end(model: Model) -> np.ndarray:
    """The ids that end a record, or a line if the text has lines."""
    if model.config.separator or model.vocabulary.newline is not None:
        return before_text(model.config, model.vocabulary)
    return np.empty(0, model.vocabulary.dtype)


def _length(tokens: Tokens, end: np.ndarray) -> int:
    """A length at which texts hold whole records, each of which ends with the ids `end`."""
    ids = (tokens.val if len(tokens.val) else tokens.train)[:_IDS_TO_MEASURE_RECORDS]
    borders = [0, *(places(ids, end) + len(end)), len(ids)]
    return min(max(LENGTH, 2 * int(np.diff(borders).max())), LONGEST)


def draw(model: Model, choose: Filter, *, count: int, length: int, seed: int) -> list[np.ndarray]:
    """Sample `count` new texts of `length` ids as one batch."""
    network = model.network(seq_len=1, batch_size=count)
    before = opening(model.config, model.vocabulary, lambda size: model.network(seq_len=size, batch_size=1), seed=seed)
    drawn = sample(network, before, choose, seed)
    return list(np.stack(list(islice(drawn, length)), axis=1))


def held_out(val: np.ndarray, count: int, length: int, end: np.ndarray) -> list[np.ndarray]:
    """At most `count` pieces of held-out text of at most `length` ids, spread evenly and without overlap.

    Each piece begins after the ids `end`, which end a line or a record, if the text has them.
    """
    length = min(length, len(val))
    begins = []
    for start in np.linspace(0, len(val) - length, min(count, len(val) // length)) if length else ():
        stretch = val[int(start) : int(start) + length - 1]  # not the last id, so that no piece is empty
        ends = places(stretch, end)
        begins.append(int(start) + (int(ends[0]) + len(end) if len(ends) else 0))
    return [val[begin : min(begin + length, following)] for begin, following in pairwise([*begins, len(val)])]


def measure(texts: Sequence[np.ndarray], tokens: Tokens, *, as_list: bool, separator: str = "") -> Figures:
    """The figures of `texts`, arrays of ids, against the training part of `tokens`.

    as_list: lines are counted. separator: records that end with it are counted.
    """
    vocabulary, train = tokens.vocabulary, tokens.train
    decoded = [vocabulary.decode(ids) for ids in texts]
    words = [words_of(text) for text in decoded]
    lines = [line for text in decoded for line in records_of(text, "\n")] if as_list else []
    records = [record for text in decoded for record in records_of(text, separator)] if separator else []
    every_word = [word for each in words for word in each]
    known_words, known_lines = present(train, vocabulary, set(every_word), set(lines))
    known_records = present(train, vocabulary, set(), set(records), separator)[1] if separator else set[str]()
    blanks = [id for id in range(vocabulary.size) if vocabulary.decode([id]).isspace()]
    copies = Copies(train, texts, vocabulary.size, blanks)
    longest = copies.longest()
    return Figures(
        texts=len(texts),
        chars=sum(map(len, texts)),
        words=len(every_word),
        known_words=sum(word in known_words for word in every_word) / len(every_word) if every_word else None,
        copied={n: copies.share(n) for n in RUNS},
        longest_copy=len(longest),
        copy=vocabulary.decode(longest),
        distinct={n: distinct(words, n) for n in GRAMS},
        lines=count_records(lines, known_lines) if as_list else None,
        records=count_records(records, known_records) if separator else None,
        brackets=paired_brackets(decoded) if is_code(vocabulary.decode(train[:_IDS_TO_TELL_CODE])) else None,
    )


def _training_text(model: Model) -> Tokens:
    tokens = model.tokens()
    if tokens is None:
        again = command("train", "--resume", "--run", model.path.parent)
        raise CorpusError(
            f"the training text beside {model.path} is missing or damaged, and is needed to judge the model; "
            f"{again} reads it again"
        )
    return tokens
