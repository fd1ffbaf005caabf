"""How well a model predicts a text: nats are summed over its characters, and divided by their number once."""

from typing import NamedTuple

import numpy as np

from charrnn.cells.protocol import State
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.hints import OnProgress
from charrnn.kernels.protocol import Kernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.text.streams.batches import Streams

STREAMS = 32
MOST_LOGITS = 1 << 24  # in memory at once; with a large vocabulary there are fewer streams
SEQ_LEN = 64
# A text is read in parallel streams, many times as fast as in one. Each stream first reads this many characters before
# its own, unscored, so that the loss is that of a single stream if the model forgets everything further back.
WARM_UP = 256


def _most_streams(shape: Shape) -> int:
    """Number of streams to read in parallel."""
    return max(1, min(STREAMS, MOST_LOGITS // (SEQ_LEN * shape.vocab_size)))


def streams_for(shape: Shape, chars: int) -> int:
    """Number of streams to read a text of `chars` in."""
    return max(1, min(_most_streams(shape), (chars - 1) // (2 * WARM_UP)))


class Score(NamedTuple):
    """`loss` is mean nats per character over `chars` characters."""

    loss: float
    chars: int


class Evaluator:
    """A network for evaluation, built once; each call uses the current values of the parameters."""

    def __init__(self, shape: Shape, params: Flat, backend: Backend, kernels: Kernels, chars: int) -> None:
        self.backend, self.kernels = backend, kernels
        streams = streams_for(shape, chars)
        self.network = Network(shape, params, backend, kernels, seq_len=SEQ_LEN, batch_size=streams)

    def chars_read(self, chars: int) -> int:
        """The number of characters read to score a text of `chars`, including those that warm up the streams."""
        streams = self.network.batch_size
        return chars + (WARM_UP * streams if streams > 1 else 0)

    @np.errstate(over="ignore", invalid="ignore")  # callers check the loss
    def score(self, ids: np.ndarray, progress: OnProgress | None = None) -> Score:
        """The loss on ids[1:], with the hidden state carried through the whole text, approximately; see `WARM_UP`."""
        streams = Streams(ids, self.network.batch_size)
        states = self._warm_up(streams)
        sums = self.backend.xp.zeros(-(-streams.length // SEQ_LEN), np.float64)  # read once, at the end
        for index, start in enumerate(range(0, streams.length, SEQ_LEN)):
            chunk = streams.read(start, min(start + SEQ_LEN, streams.length))
            logits, states = self.network.forward(self.backend.to_device(chunk.inputs), states)
            targets = self.backend.to_device(chunk.targets.reshape(-1)[: chunk.pairs])
            sums[index] = self.kernels.cross_entropy(logits[: chunk.pairs], targets).sum(dtype=np.float64)
            if progress:
                progress(min(start + SEQ_LEN, streams.length), streams.length)
        nats = float(self.backend.to_host(sums).cumsum()[-1])  # summed in order, so that equal runs give equal bytes
        return Score(nats / (len(ids) - 1), len(ids) - 1)

    def _warm_up(self, streams: Streams) -> list[State]:
        """The states in which the streams begin."""
        states = self.network.initial_state()
        length = min(WARM_UP, streams.length - 1)
        if len(streams.starts) == 1 or length == 0:
            return states
        before = np.stack([streams.ids[max(first - length, 0) :][:length] for first in streams.starts], axis=1)
        for start in range(0, length, SEQ_LEN):
            _, states = self.network.forward(self.backend.to_device(before[start : start + SEQ_LEN]), states)
        for state in states:
            for array in state:
                array[0] = 0  # there is nothing before the first stream
        return states


def score_records(
    shape: Shape,
    params: Flat,
    backend: Backend,
    kernels: Kernels,
    records: list[np.ndarray],
    end: np.ndarray,
    progress: OnProgress | None = None,
) -> list[Score]:
    """The loss of each record (a line, say) by itself, read after the ids `end` and up to the next; all hold ids."""
    scores: dict[int, Score] = {}
    by_length = sorted(range(len(records)), key=lambda index: len(records[index]))
    streams = max(1, min(_most_streams(shape), len(records)))
    network = Network(shape, params, backend, kernels, seq_len=SEQ_LEN, batch_size=streams)
    first_target = len(end) - 1  # of the losses, the first of which is that on the second id
    for first in range(0, len(records), streams):
        group = by_length[first : first + streams]
        rows = np.full((len(records[group[-1]]) + 2 * len(end), streams), end[-1])
        for column, index in enumerate(group):
            row = np.concatenate([end, records[index], end])
            rows[: len(row), column] = row
        nats = _nats(network, rows)
        for column, index in enumerate(group):
            chars = len(records[index]) + len(end)
            scored = nats[first_target : first_target + chars, column]
            scores[index] = Score(float(scored.sum(dtype=np.float64)) / chars, chars)
        if progress:
            progress(len(scores), len(records))
    return [scores[index] for index in range(len(records))]


def _nats(network: Network, rows: np.ndarray) -> np.ndarray:
    """The loss on each of rows[1:], chunk by chunk, so that a long record needs no more memory than a short one."""
    backend, states, nats = network.backend, network.initial_state(), []
    for start in range(0, len(rows) - 1, SEQ_LEN):
        inputs, targets = rows[:-1][start : start + SEQ_LEN], rows[1:][start : start + SEQ_LEN]
        logits, states = network.forward(backend.to_device(inputs), states)
        chunk = backend.to_host(network.kernels.cross_entropy(logits, backend.to_device(targets.reshape(-1))))
        nats.append(chunk.reshape(targets.shape))
    return np.concatenate(nats)
