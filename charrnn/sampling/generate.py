"""New texts from a model: characters from ids as they are drawn, and where a text ends. It prints nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from charrnn.errors import ConfigError
from charrnn.runs.model import Model
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.tokens import Tokens, contains_line
from charrnn.text.vocabulary import Decoder, Vocabulary

SEQ_LEN = 64  # characters of the prime read at once


@dataclass(frozen=True)
class Limits:
    """A text ends after `length` characters, after `lines` line ends, or before `stop`: whichever comes first."""

    length: int
    lines: int | None = None
    stop: str | None = None


class Draft:
    """A text as it grows. What may turn out to be the beginning of the stop string is held back until that is clear."""

    def __init__(self, decoder: Decoder, limits: Limits) -> None:
        self.ended = False
        self._decoder, self._limits = decoder, limits
        self._length = self._lines = 0
        self._ready: list[str] = []
        self._held = ""

    def add(self, id: int) -> None:
        """Append what was drawn; nothing happens once the text has ended."""
        if self.ended:
            return
        for character in self._decoder.decode([id]):
            if not self.ended:
                self._append(character)

    def take(self) -> str:
        """The part that is certain and was not taken before."""
        piece = "".join(self._ready)
        self._ready.clear()
        return piece

    def _append(self, character: str) -> None:
        limits = self._limits
        self._held += character
        self._length += 1
        self._lines += character == "\n"
        if limits.stop and self._held.endswith(limits.stop):
            self._held = self._held.removesuffix(limits.stop)
            self.ended = True
        elif self._length == limits.length or self._lines == limits.lines:
            self.ended = True
        self._release(len(self._held) - (0 if self.ended else _overlap(self._held, limits.stop or "")))

    def _release(self, count: int) -> None:
        self._ready.append(self._held[:count])
        self._held = self._held[count:]


def generate(
    model: Model, prime: np.ndarray, choose: Filter, limits: Limits, *, seed: int, count: int = 1
) -> Iterator[Iterator[str]]:
    """`count` texts, drawn as one batch and given one after the other, each in pieces as they become known.

    Every text goes on from the ids of `prime`, which are not given again; they are read as the beginning of a line.
    Bytes that are not UTF-8 are in the texts as `surrogateescape` has them.

    Raises:
        ConfigError: `limits` counts lines, and the model knows no line end.
    """
    vocabulary = model.vocabulary
    if limits.lines and vocabulary.newline is None:
        raise ConfigError(f"{model.path} learned from a text without line ends; use --length, not --lines")
    drafts = [Draft(_decoder_after(prime, vocabulary), limits) for _ in range(count)]
    if vocabulary.newline is not None or not len(prime):
        prime = np.concatenate(([vocabulary.start], prime)).astype(np.int64)
    network = model.network(seq_len=min(SEQ_LEN, len(prime)), batch_size=count)
    drawn = sample(network, prime, choose, seed)
    for draft in drafts:
        yield _pieces(draft, drafts, drawn)


def _decoder_after(prime: np.ndarray, vocabulary: Vocabulary) -> Decoder:
    """A decoder that holds the beginning of a UTF-8 character, if `prime` ends within one."""
    decoder = vocabulary.decoder("surrogateescape")
    decoder.decode(prime)
    return decoder


def _pieces(draft: Draft, drafts: list[Draft], drawn: Iterator[np.ndarray]) -> Iterator[str]:
    """One of the texts; all of them grow while it does."""
    while True:
        if piece := draft.take():
            yield piece
        if draft.ended:
            return
        for each, id in zip(drafts, next(drawn), strict=True):
            each.add(id)


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` with which `stop` begins."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if stop.startswith(text[-size:])), 0)


def count_new(lines: Iterable[str], tokens: Tokens) -> int:
    """How many of `lines` are not lines of the text that a run learned from."""
    return sum(not contains_line(tokens, line) for line in lines)
