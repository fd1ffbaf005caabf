"""Draw text from a model, and measure it and as much held-out text against the text that the model learned."""

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
_LOOK = 1 << 20  # ids that show whether a text is code


@dataclass(frozen=True)
class Figures:
    """What some texts are like. Shares are from 0 to 1; None where there is nothing to count."""

    texts: int
    chars: int
    words: int
    known_words: float | None  # that are in the text learned from
    copied: dict[int, float | None]  # runs of so many characters that are in it
    longest_copy: int  # characters of the longest one that is not all blanks
    copy: str  # that one
    distinct: dict[int, float | None]  # different ones among so many words in a row
    lines: LineCounts | None  # of lists
    brackets: float | None  # of code: those that have a partner


@dataclass(frozen=True)
class QualityReport:
    """`held_out` is None where nothing is held out."""

    model: str
    bytes: bool  # what the figures call characters are bytes
    seed: int
    choose: Filter
    drawn: Figures
    held_out: Figures | None


def judge(
    model: Model, choose: Filter, *, count: int, length: int, seed: int, as_list: bool | None = None
) -> QualityReport:
    """Draw `count` texts of `length` characters as one batch and measure them; `as_list` None: as the split says.

    Where less is held out only as much is drawn and measured: the share of different words falls as a text grows, so
    two texts of different lengths cannot be compared.

    Raises:
        CorpusError: the text that the model learned from is not beside it.
    """
    tokens = _learned(model)
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
    """Without what says nothing of lines that were held out because they occur nowhere else: none of them is known."""
    lines = held_out.lines and replace(held_out.lines, new=None, copied=None)
    return replace(held_out, known_words=None, lines=lines)


def draw(model: Model, choose: Filter, *, count: int, length: int, seed: int) -> list[np.ndarray]:
    """New texts, as ids."""
    network = model.network(seq_len=1, batch_size=count)
    drawn = sample(network, np.array([model.vocabulary.start]), choose, seed)
    return list(np.stack(list(islice(drawn, length)), axis=1))


def held_out(val: np.ndarray, count: int, length: int, newline: int | None) -> list[np.ndarray]:
    """As much held-out text, spread evenly, as ids; each piece begins with a line where there are lines.

    No piece reaches into the next one.
    """
    length = min(length, len(val))
    begins = []
    for start in np.linspace(0, len(val) - length, min(count, len(val) // length)) if length else ():
        ends = np.flatnonzero(val[int(start) : int(start) + length - 1] == newline)  # something is left after each
        begins.append(int(start) + (int(ends[0]) + 1 if len(ends) else 0))
    return [val[begin : min(begin + length, following)] for begin, following in pairwise([*begins, len(val)])]


def measure(texts: Sequence[np.ndarray], tokens: Tokens, *, as_list: bool) -> Figures:
    """The figures of `texts`, which are ids, against the training part of `tokens`."""
    vocabulary, train = tokens.vocabulary, tokens.train
    decoded = [vocabulary.decode(ids) for ids in texts]
    words = [words_of(text) for text in decoded]
    lines = [line for text in decoded for line in lines_of(text)] if as_list else []
    every_word = [word for each in words for word in each]
    known_words, known_lines = present(train, vocabulary, set(every_word), set(lines))
    copies = Copies(train, texts, vocabulary.size)
    longest = copies.longest([id for id in range(vocabulary.size) if vocabulary.decode([id]).isspace()])
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
        brackets=paired_brackets(decoded) if is_code(vocabulary.decode(train[:_LOOK])) else None,
    )


def _learned(model: Model) -> Tokens:
    tokens = model.tokens()
    if tokens is None:
        again = command("train", "--resume", "--run", model.path.parent)
        raise CorpusError(
            f"the text that it learned from, which lay beside {model.path}, is gone or damaged, and "
            f"nothing can be judged without it; {again} reads it again"
        )
    return tokens
