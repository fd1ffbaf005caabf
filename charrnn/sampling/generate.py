"""New texts from a model: ids become characters, and a text ends where it should. Nothing is printed here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import ConfigError
from charrnn.runs.model import Model
from charrnn.sampling.opening import opening
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.known_records import known_records
from charrnn.text.tokens import Tokens
from charrnn.text.vocabulary import Decoder, Vocabulary

SEQ_LEN = 64  # characters of the prime that are read at once


@dataclass(frozen=True)
class TextLimits:
    """A text ends after `length` characters, after `lines` line ends, or before `stop`: whichever comes first.

    skips_empty: a text does not end before it has begun: stop strings at its beginning are left out.
    """

    length: int
    lines: int | None = None
    stop: str | None = None
    skips_empty: bool = False


class Draft:
    """A growing text. Characters that may begin the stop string are held back until that is clear.

    ended: it grows no more. stopped: it ended before the stop string.
    """

    def __init__(self, decoder: Decoder, limits: TextLimits, before: str = "") -> None:
        """`before` is what the text continues: the stop string may begin in it. Without it, a stop string precedes."""
        self.ended = False
        self.stopped = False
        self._decoder = decoder
        self._limits = limits
        self._length = 0
        self._lines = 0
        self._ready: list[str] = []
        self._stop = limits.stop or ""
        self._begun = not limits.skips_empty or bool(before and not before.endswith(self._stop))
        self._held = ""
        self._given = 0  # characters held back that are not of this text
        self._hold(before or (self._stop if limits.skips_empty else ""))

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
        if self._stop and self._held.endswith(self._stop):
            self._stop_found()
        if self._length == limits.length or self._lines == limits.lines:
            self.ended = True
        self._release(len(self._held) - (0 if self.ended else _overlap(self._held, self._stop)))

    def _stop_found(self) -> None:
        own = self._held.removesuffix(self._stop)[self._given :]
        if not (own or self._begun):
            self._hold(self._stop)
            return
        self._held = self._held.removesuffix(self._stop)
        self._given = min(self._given, len(self._held))
        self.stopped = True
        self.ended = True

    def _hold(self, before: str) -> None:
        """Hold back the end of `before`, which is not of this text, but in which the stop string may begin."""
        self._given = _overlap(before, self._stop)
        self._held = before[len(before) - self._given :]

    def _release(self, count: int) -> None:
        given = min(self._given, count)
        self._given -= given
        self._begun |= count > given
        self._ready.append(self._held[given:count])
        self._held = self._held[count:]


class DrawnText:
    """A text in strings, which are drawn while it is iterated over; all texts of its batch grow with it."""

    def __init__(self, draft: Draft, drafts: list[Draft], drawn: Iterator[np.ndarray]) -> None:
        self._draft = draft
        self._drafts = drafts
        self._drawn = drawn

    def __iter__(self) -> Iterator[str]:
        draft = self._draft
        while True:
            if piece := draft.take():
                yield piece
            if draft.ended:
                return
            for each, id in zip(self._drafts, next(self._drawn), strict=True):
                each.add(id)

    @property
    def stopped(self) -> bool:
        """Whether the text has ended before the stop string."""
        return self._draft.stopped


def generate(
    model: Model, prime: np.ndarray, choose: Filter, limits: TextLimits, *, seed: int, count: int = 1
) -> Iterator[DrawnText]:
    """Sample `count` texts as one batch, one after the other.

    Every text continues from the ids of `prime`, which are not repeated; the prime is read as the beginning of a
    record, if the model learned records, or of a line. Bytes that are not UTF-8 are decoded with `surrogateescape`.

    Raises:
        ConfigError: `limits` counts lines, and the model has no line end.
    """
    vocabulary = model.vocabulary
    if limits.lines and vocabulary.newline is None:
        raise ConfigError(f"{model.path} learned from a text without line ends; use --length, not --lines")
    primed = vocabulary.decoder("surrogateescape").decode(prime[-4 * len(limits.stop or "") :])  # bytes: 4 a character
    drafts = [Draft(_decoder_after(prime, vocabulary), limits, primed) for _ in range(count)]
    if model.config.separator or vocabulary.newline is not None or not len(prime):
        before = opening(model.config, vocabulary, lambda size: model.network(seq_len=size, batch_size=1), seed=seed)
        prime = np.concatenate((before, prime)).astype(np.int64)
    network = model.network(seq_len=min(SEQ_LEN, len(prime)), batch_size=count)
    drawn = sample(network, prime, choose, seed)
    for draft in drafts:
        yield DrawnText(draft, drafts, drawn)


def _decoder_after(prime: np.ndarray, vocabulary: Vocabulary) -> Decoder:
    """A decoder that continues a UTF-8 character in which `prime` ends."""
    decoder = vocabulary.decoder("surrogateescape")
    decoder.decode(prime)
    return decoder


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that is a beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if stop.startswith(text[-size:])), 0)


def count_new(records: Sequence[str], tokens: Tokens, end: str = "\n") -> int:
    """The number of `records` that are not records, which end with `end`, of the text that a run learned from."""
    known = known_records(tokens, set(records), end)
    return sum(record not in known for record in records)
