"""A text as parallel streams, cut into chunks: the characters that a network reads, and those that follow them.

A text of N characters gives N - 1 pairs of a character and the next one. They are divided into `batch_size` contiguous
streams of equal length; if N - 1 is not a multiple of it, the first streams hold one pair more. Every character except
the first is a target exactly once, and the last one does not wrap around to the first.

    text "hello", one stream:    inputs h e l l    targets e l l o
"""

from typing import NamedTuple

import numpy as np

from charrnn.errors import CorpusError
from charrnn.hints import counted
from charrnn.text.parts.gathered import Gathered
from charrnn.text.streams.orders import Orders

IDS_AHEAD = 1 << 20  # ids of all streams that are gathered together
_SHORTEST_JITTERED = 6  # time steps; with a shorter seq_len, borders have no room to move


class Chunk(NamedTuple):
    """A stretch of all streams: inputs and targets (T, B), time-major.

    In row-major order the first `pairs` pairs are real. The others, at the end of the last row, only pad streams that
    are one pair shorter, and must not be learned.
    """

    inputs: np.ndarray
    targets: np.ndarray
    pairs: int
    starts_text: bool = False  # the text begins anew, with a fresh hidden state


class Streams:
    """`batch_size` streams over `ids` (N,), which may be memory-mapped: only what is read is loaded.

    Of ids that are gathered from all over a text, a longer stretch of each stream is read at once.
    length: time steps of the longest stream. starts: index in `ids` of each stream's first character (B,).

    Raises:
        CorpusError: there are fewer pairs than streams.
    """

    def __init__(self, ids: np.ndarray | Gathered, batch_size: int) -> None:
        if len(ids) - 1 < batch_size:
            raise CorpusError(f"{len(ids)} characters do not fill {batch_size} streams; at least {batch_size + 1} do")
        self.ids = ids
        shortest, longer = divmod(len(ids) - 1, batch_size)
        self.length = shortest + (longer > 0)
        self._ragged = longer  # streams with a pair in the last row; 0 if all have one
        index = np.arange(batch_size)
        self.starts = index * shortest + np.minimum(index, longer)
        self._ahead = IDS_AHEAD // batch_size if isinstance(ids, Gathered) else 0  # time steps
        self._first = 0  # the time step of the first of `_rows`
        self._rows = np.empty((0, batch_size), ids.dtype)

    def read(self, start: int, stop: int) -> Chunk:
        """The chunk from time step `start` to `stop`."""
        if not self._ahead:
            rows = self._load(start, stop)
        else:
            if not self._first <= start < stop < self._first + len(self._rows):
                self._first = start
                self._rows = self._load(start, max(stop, min(start + self._ahead, self.length)))
            rows = self._rows[start - self._first : stop - self._first + 1]
        return Chunk(rows[:-1], rows[1:], self.pairs(start, stop))

    def _load(self, start: int, stop: int) -> np.ndarray:
        """The ids of all streams from time step `start` to the one after `stop` (T + 1, B)."""
        rows = np.zeros((stop - start + 1, len(self.starts)), self.ids.dtype)
        for column, first in enumerate(self.starts):
            stretch = self.ids[first + start : first + stop + 1]
            rows[: len(stretch), column] = stretch  # shorter by one in a stream whose last row is padding
        return rows

    def pairs(self, start: int, stop: int) -> int:
        """The number of real pairs from time step `start` to `stop`."""
        padding = len(self.starts) - self._ragged if stop == self.length and self._ragged else 0
        return (stop - start) * len(self.starts) - padding


class Span(NamedTuple):
    """The place of a chunk: the time steps from `start` to `stop` of `streams`."""

    streams: Streams
    start: int
    stop: int
    starts_text: bool

    @property
    def pairs(self) -> int:
        """The number of its real pairs."""
        return self.streams.pairs(self.start, self.stop)

    def read(self) -> Chunk:
        """Read the chunk."""
        return self.streams.read(self.start, self.stop)._replace(starts_text=self.starts_text)


class Batches:
    """An endless walk over streams in chunks of at most `seq_len` time steps, epoch after epoch.

    The chunks of an epoch are of nearly equal length, so that none of them is a stub with a noisy gradient. With
    `jitter_seed` their borders are moved at random, anew in each epoch, so that gradients are not cut at the same
    characters every time. Lengths then range from a third of `seq_len`, or less in a short text, to all of it. With
    `orders` (of the records in `ids`), each epoch has the records in a new order. `stage` makes the random draws of the
    stages of a ramp differ.

    longest: time steps of the longest chunk. per_epoch: chunks per epoch.

    Source: Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models", section 5, who also scale the
    learning rate with the length.
    """

    def __init__(
        self,
        ids: np.ndarray,
        batch_size: int,
        seq_len: int,
        *,
        jitter_seed: int | None = None,
        orders: Orders | None = None,
        stage: int = 0,
    ) -> None:
        self.streams = Streams(ids, batch_size)
        self.longest = seq_len
        self._batch_size = batch_size
        self._orders = orders
        self._epoch = 0
        self._first_epoch = stage << 32  # so that random draws differ between stages
        self._jitter_seed = jitter_seed if seq_len >= _SHORTEST_JITTERED else None
        self._shift = 0 if self._jitter_seed is None else seq_len // 6  # how far each border may move to either side
        self.per_epoch = -(-self.streams.length // (seq_len - 2 * self._shift))

    def chunk(self, number: int) -> Chunk:
        """Chunk `number`, counted from 0 over all epochs; the first of an epoch begins at the start of the text."""
        return self.span(number).read()

    def span(self, number: int) -> Span:
        """The place of chunk `number`."""
        epoch, index = divmod(number, self.per_epoch)
        start, stop = self._border(epoch, index), self._border(epoch, index + 1)
        return Span(self._streams_of(epoch), start, stop, starts_text=index == 0)

    def _streams_of(self, epoch: int) -> Streams:
        """The streams of an epoch; in a list, each epoch orders the records differently."""
        epoch += self._first_epoch
        if self._orders and epoch != self._epoch:
            self.streams = Streams(self._orders.of(epoch), self._batch_size)
            self._epoch = epoch
        return self.streams

    def _border(self, epoch: int, index: int) -> int:
        border = index * self.streams.length // self.per_epoch
        if self._jitter_seed is None or index in (0, self.per_epoch):
            return border
        counter = np.random.Philox(key=self._jitter_seed, counter=[0, 0, index, self._first_epoch + epoch])
        return border + int(np.random.Generator(counter).integers(-self._shift, self._shift, endpoint=True))

    def epoch(self, number: int) -> float:
        """Epochs completed before chunk `number`."""
        return number / self.per_epoch


def fit_batch_size(chars: int, batch_size: int, seq_len: int) -> int:
    """The largest batch size up to `batch_size` with which each stream still holds a whole chunk; at least 1.

    Raises:
        CorpusError: there is no pair of characters to learn from.
    """
    if chars < 2:
        raise CorpusError(f"the text has {counted(chars, 'character')} to learn from; at least 2 are needed")
    return max(1, min(batch_size, (chars - 1) // seq_len))
