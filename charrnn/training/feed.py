"""Chunks of text on the device: the way of the characters from the disk to a network."""

import numpy as np

from charrnn.device.backend import Backend
from charrnn.kernels.reference import ReferenceKernels
from charrnn.text.batches import Batches, Chunk

SHARE = 4  # a text is kept on the device if it takes no more than a quarter of what is free there
PIECE = 1 << 26  # characters copied there at once


class Feed:
    """The chunks of `batches` as arrays of the device.

    A GPU that has room for it gets the whole text once, and reads chunks by itself; else each is copied when it is due.
    A chunk from the device lives in the feed's buffer until the next one is asked for.
    """

    def __init__(self, batches: Batches, backend: Backend, kernels: ReferenceKernels) -> None:
        self._batches, self._backend, self._kernels = batches, backend, kernels
        free, ids = backend.free_memory(), batches.streams.ids
        self._text = None
        if free is not None and SHARE * ids.nbytes <= free:
            self._text = backend.xp.zeros(len(ids) + 1, ids.dtype)  # padded streams are read one character further
            self._upload(ids)
            streams, longest = batches.streams, batches.longest
            self._starts = backend.to_device(streams.starts.astype(np.int64))
            self._rows = backend.xp.empty((longest + 1, len(streams.starts)), ids.dtype)

    def _upload(self, ids: np.ndarray) -> None:
        for start in range(0, len(ids), PIECE):
            piece = ids[start : start + PIECE]
            self._text[start : start + len(piece)] = self._backend.to_device(piece)
        self._uploaded = ids

    def chunk(self, number: int) -> Chunk:
        """See `Batches.chunk`; what pads the last row may differ."""
        if self._text is None:
            inputs, targets, pairs = self._batches.chunk(number)
            return Chunk(self._backend.to_device(inputs), self._backend.to_device(targets), pairs)
        if self._batches.streams_of(number).ids is not self._uploaded:  # a list has a new order in each epoch
            self._upload(self._batches.streams.ids)
        start, stop = self._batches.span(number)
        rows = self._rows[: stop - start + 1]
        self._kernels.read_streams(self._text[start:], self._starts, rows)
        return Chunk(rows[:-1], rows[1:], self._batches.streams.pairs(start, stop))
