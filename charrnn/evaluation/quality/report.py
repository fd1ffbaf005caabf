"""Samples text from a model, and compares it and an equal amount of held-out text with the training text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np

from charrnn.config import LISTS
from charrnn.errors import CorpusError
from charrnn.evaluation.quality.copies import Copies
from charrnn.evaluation.quality.language import (
    LineCounts,
    count_lines,
    distinct,
    is_code,
    lines_of,
    paired_brackets,
    present,
    words_of,
)
from charrnn.hints import command
from charrnn.runs.model import Model
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.tokens import Tokens

RUNS = (10, 20, 50)  # characters
GRAMS = (1, 2, 3)  # words
_IDS_TO_TELL_CODE = 1 << 20  # enough to see whether a text is code


@dataclass(frozen=True)
class Figures:
    """Statistics of some texts. Shares are from 0 to 1, and None if there is nothing to count.

    known_words: share of words that occur in the training text. copied: for each length in characters, the share of
    runs that occur in it. longest_copy, copy: length and text of the longest copied run. Runs of only blanks are left
    out of all three.
    distinct: for each n, the share of distinct n-grams of words. lines: only for lists. brackets: only for code, the
    share that have a partner.
    """

    texts: int
    chars: int
    words: int
    known_words: float | None
    copied: dict[int, float | None]
    longest_copy: int
    copy: str
    distinct: dict[int, float | None]
    lines: LineCounts | None
    brackets: float | None


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
    model: Model, choose: Filter, *, count: int, length: int, seed: int, as_list: bool | None = None
) -> QualityReport:
    """Sample `count` texts of `length` characters as one batch, and measure them.

    If less text is held out, only as much is sampled and measured: the share of distinct words falls as a text grows,
    so texts of different lengths cannot be compared. `as_list` says whether lines are counted; None counts them if the
    model's split is one of lines.

    Raises:
        CorpusError: the training text is missing beside the model.
    """
    tokens = _training_text(model)
    if as_list is None:
        as_list = model.config.split in LISTS
    real = held_out(tokens.val, count, length, model.vocabulary.newline)
    drawn = draw(model, choose, count=len(real) or count, length=max(map(len, real), default=length), seed=seed)
    if real:
        drawn = [text[: len(piece)] for text, piece in zip(drawn, real, strict=True)]
    figures = measure(drawn, tokens, as_list=as_list)
    beside = measure(real, tokens, as_list=as_list) if real else None
    if beside and model.config.split == "unique-lines":
        beside = _without_copies(beside)
    return QualityReport(str(model.path), model.config.bytes, seed, choose, figures, beside)


def _without_copies(held_out: Figures) -> Figures:
    """Clear the figures that mean nothing for lines held out because they occur nowhere else: none of them is known."""
    lines = held_out.lines and replace(held_out.lines, new=None, copied=None)
    return replace(held_out, known_words=None, lines=lines)


def draw(model: Model, choose: Filter, *, count: int, length: int, seed: int) -> list[np.ndarray]:
    """Sample `count` new texts of `length` ids as one batch."""
    network = model.network(seq_len=1, batch_size=count, draws=True)
    drawn = sample(network, np.array([model.vocabulary.start]), choose, seed)
    return list(np.stack(list(islice(drawn, length)), axis=1))


def held_out(val: np.ndarray, count: int, length: int, newline: int | None) -> list[np.ndarray]:
    """At most `count` pieces of held-out text of at most `length` ids, spread evenly and without overlap.

    Each piece begins at the start of a line if the text has lines.
    """
    length = min(length, len(val))
    begins = []
    for start in np.linspace(0, len(val) - length, min(count, len(val) // length)) if length else ():
        ends = np.flatnonzero(
            val[int(start) : int(start) + length - 1] == newline
        )  # not the last id, so that no piece is empty
        begins.append(int(start) + (int(ends[0]) + 1 if len(ends) else 0))
    return [val[begin : min(begin + length, following)] for begin, following in pairwise([*begins, len(val)])]


def measure(texts: Sequence[np.ndarray], tokens: Tokens, *, as_list: bool) -> Figures:
    """The figures of `texts`, arrays of ids, against the training part of `tokens`."""
    vocabulary, train = tokens.vocabulary, tokens.train
    decoded = [vocabulary.decode(ids) for ids in texts]
    words = [words_of(text) for text in decoded]
    lines = [line for text in decoded for line in lines_of(text)] if as_list else []
    every_word = [word for each in words for word in each]
    known_words, known_lines = present(train, vocabulary, set(every_word), set(lines))
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
        lines=count_lines(lines, known_lines) if as_list else None,
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
