"""Text as parallel streams: what a network reads, and what it should have said.

The text of N characters gives N - 1 pairs (a character, the next one). They are dealt to `batch_size` contiguous
streams of equal length; where that does not come out even, the first streams hold one pair more. Every character but
the first is a target exactly once, and the last one does not wrap around to the first.

    text "hello", one stream:    inputs h e l l    targets e l l o
"""

from typing import NamedTuple

import numpy as np

from charrnn.errors import CorpusError
from charrnn.text.lines import Lines

_LEAST_JITTERED = 6  # a shorter seq_len leaves borders no room to move


class Chunk(NamedTuple):
    """A stretch of all streams: inputs and targets (T, B), time-major.

    In row-major order the first `count` pairs are real. The others, at the end of the last row, only pad streams that
    are one pair shorter, and are not to be learned.
    """

    inputs: np.ndarray
    targets: np.ndarray
    count: int


class Streams:
    """`batch_size` streams over `ids` (N,), which may be memory-mapped; only what is read is touched."""

    def __init__(self, ids: np.ndarray, batch_size: int) -> None:
        if len(ids) - 1 < batch_size:
            raise CorpusError(f"{len(ids)} characters do not fill {batch_size} streams; at least {batch_size + 1} do")
        self.ids = ids
        shortest, longer = divmod(len(ids) - 1, batch_size)
        self.length = shortest + (longer > 0)
        self._ragged = longer  # streams with a pair in the last row; 0 if all have one
        index = np.arange(batch_size)
        self.starts = index * shortest + np.minimum(index, longer)

    def read(self, start: int, stop: int) -> Chunk:
        """The chunk from time step `start` to `stop`."""
        rows = np.zeros((stop - start + 1, len(self.starts)), self.ids.dtype)
        for column, first in enumerate(self.starts):
            piece = self.ids[first + start : first + stop + 1]
            rows[: len(piece), column] = piece  # one short for the last stream where it is padded
        return Chunk(rows[:-1], rows[1:], self.count(start, stop))

    def count(self, start: int, stop: int) -> int:
        """How many pairs are real of those from time step `start` to `stop`."""
        padding = len(self.starts) - self._ragged if stop == self.length and self._ragged else 0
        return (stop - start) * len(self.starts) - padding


class Batches:
    """An endless walk over streams in chunks of at most `seq_len`, epoch after epoch.

    The chunks of an epoch are of nearly equal length, so that none of them is a stub with a noisy gradient. With
    `jitter_seed` their borders are moved at random, anew in each epoch, so that gradients are not cut at the same
    characters every time: lengths then lie between a third of seq_len, or less where a text is short, and all of it
    (after Merity et al. 2017, who also scale the rate with the length). With `lines`, those of `ids`, an epoch has them
    in an order of its own.
    """

    def __init__(
        self,
        ids: np.ndarray,
        batch_size: int,
        seq_len: int,
        *,
        jitter_seed: int | None = None,
        lines: Lines | None = None,
        stage: int = 0,
    ) -> None:
        self.streams, self.longest = Streams(ids, batch_size), seq_len  # no chunk has more time steps
        self._batch_size, self._lines, self._epoch = batch_size, lines, 0
        self._first_epoch = stage << 32  # so that what is drawn differs from stage to stage
        self._jitter_seed = jitter_seed if seq_len >= _LEAST_JITTERED else None
        shift = 0 if self._jitter_seed is None else seq_len // 6  # of each border, to either side
        self._shift = shift
        self.per_epoch = -(-self.streams.length // (seq_len - 2 * shift))

    def chunk(self, number: int) -> Chunk:
        """Chunk `number`, counted from 0 over all epochs; the first of an epoch starts the text."""
        return self.streams_of(number).read(*self.span(number))

    def streams_of(self, number: int) -> Streams:
        """The streams that chunk `number` is read from: the same ones throughout an epoch."""
        epoch = self._first_epoch + number // self.per_epoch
        if self._lines and epoch != self._epoch:
            self.streams, self._epoch = Streams(self._lines.in_order_of(epoch), self._batch_size), epoch
        return self.streams

    def span(self, number: int) -> tuple[int, int]:
        """The time steps where chunk `number` begins and ends."""
        epoch, index = divmod(number, self.per_epoch)
        return self._border(epoch, index), self._border(epoch, index + 1)

    def _border(self, epoch: int, index: int) -> int:
        border = index * self.streams.length // self.per_epoch
        if self._jitter_seed is None or index in (0, self.per_epoch):
            return border
        counted = np.random.Philox(key=self._jitter_seed, counter=[0, 0, index, self._first_epoch + epoch])
        return border + int(np.random.Generator(counted).integers(-self._shift, self._shift, endpoint=True))

    def starts_text(self, number: int) -> bool:
        """Whether chunk `number` begins an epoch, with a fresh hidden state."""
        return number % self.per_epoch == 0

    def epoch(self, number: int) -> float:
        """Epochs done before chunk `number`."""
        return number / self.per_epoch


def fit_batch_size(chars: int, batch_size: int, seq_len: int) -> int:
    """The largest batch up to `batch_size` whose streams still hold a whole chunk each; at least 1.

    Raises:
        CorpusError: there is no pair of characters to learn from.
    """
    if chars < 2:
        raise CorpusError(f"the text has {chars} character{'s' * (chars != 1)} to learn from; at least 2 are needed")
    return max(1, min(batch_size, (chars - 1) // seq_len))
