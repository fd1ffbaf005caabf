"""New texts from a model: ids become characters, and a text ends where it should. Nothing is printed here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import ConfigError
from charrnn.runs.model import Model
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.known_lines import known_lines
from charrnn.text.tokens import Tokens
from charrnn.text.vocabulary import Decoder, Vocabulary

SEQ_LEN = 64  # characters of the prime that are read at once


@dataclass(frozen=True)
class TextLimits:
    """A text ends after `length` characters, after `lines` line ends, or before `stop`: whichever comes first."""

    length: int
    lines: int | None = None
    stop: str | None = None


class Draft:
    """A growing text. Characters that may begin the stop string are held back until that is clear."""

    def __init__(self, decoder: Decoder, limits: TextLimits) -> None:
        self.ended = False
        self._decoder = decoder
        self._limits = limits
        self._length = 0
        self._lines = 0
        self._ready: list[str] = []
        self._held = ""

    def add(self, id: int) -> None:
        """Append a sampled id; nothing happens once the text has ended."""
        if self.ended:
            return
        for character in self._decoder.decode([id]):
            if not self.ended:
                self._append(character)

    def take(self) -> str:
        """The characters that are certain and were not taken before."""
        ready = "".join(self._ready)
        self._ready.clear()
        return ready

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
    model: Model, prime: np.ndarray, choose: Filter, limits: TextLimits, *, seed: int, count: int = 1
) -> Iterator[Iterator[str]]:
    """Sample `count` texts as one batch and yield them one after the other, each in strings as they become certain.

    Every text continues from the ids of `prime`, which are not repeated; the prime is read as the beginning of a line.
    Bytes that are not UTF-8 are decoded with `surrogateescape`.

    Raises:
        ConfigError: `limits` counts lines, and the model has no line end.
    """
    vocabulary = model.vocabulary
    if limits.lines and vocabulary.newline is None:
        raise ConfigError(f"{model.path} learned from a text without line ends; use --length, not --lines")
    drafts = [Draft(_decoder_after(prime, vocabulary), limits) for _ in range(count)]
    if vocabulary.newline is not None or not len(prime):
        prime = np.concatenate(([vocabulary.start], prime)).astype(np.int64)
    network = model.network(seq_len=min(SEQ_LEN, len(prime)), batch_size=count, draws=True)
    drawn = sample(network, prime, choose, seed)
    for draft in drafts:
        yield _pieces(draft, drafts, drawn)


def _decoder_after(prime: np.ndarray, vocabulary: Vocabulary) -> Decoder:
    """A decoder that continues a UTF-8 character in which `prime` ends."""
    decoder = vocabulary.decoder("surrogateescape")
    decoder.decode(prime)
    return decoder


def _pieces(draft: Draft, drafts: list[Draft], drawn: Iterator[np.ndarray]) -> Iterator[str]:
    """Yield one of the texts; all of them grow with it."""
    while True:
        if piece := draft.take():
            yield piece
        if draft.ended:
            return
        for each, id in zip(drafts, next(drawn), strict=True):
            each.add(id)


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that is a beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if stop.startswith(text[-size:])), 0)


def count_new(lines: Sequence[str], tokens: Tokens) -> int:
    """The number of `lines` that are not lines of the text that a run learned from."""
    known = known_lines(tokens, set(lines))
    return sum(line not in known for line in lines)
