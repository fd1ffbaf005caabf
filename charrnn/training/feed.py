"""Chunks of text on the device: how characters get from the disk to a network."""

from typing import Any

import numpy as np

from charrnn.device.backend import Backend
from charrnn.kernels.protocol import Kernels
from charrnn.text.parts.gathered import Gathered
from charrnn.text.streams.batches import Chunk
from charrnn.text.streams.ramp import Ramp

FREE_PARTS = 4  # the text is kept on the device if it takes at most 1 / FREE_PARTS of the free memory
UPLOAD_CHARS = 1 << 26  # characters copied to the device at once


class Feed:
    """The chunks of the current stage of `batches` as arrays of the device.

    If a GPU has room for it, the whole text is uploaded once and chunks are read there; otherwise each chunk is copied
    when it is due. A chunk from the device stays in the feed's buffer until the next one is asked for.
    """

    def __init__(self, batches: Ramp, backend: Backend, kernels: Kernels) -> None:
        self._batches = batches
        self._backend = backend
        self._kernels = kernels
        free, ids = backend.free_memory(), batches.streams.ids
        self._text: Any = None  # the whole text on the device, if it is kept there
        if free is not None and FREE_PARTS * ids.nbytes <= free:
            self._text = backend.xp.zeros(len(ids) + 1, ids.dtype)  # padded streams are read one character further
            self._upload(ids)
            streams, longest = batches.streams, batches.longest
            self._starts = backend.to_device(streams.starts.astype(np.int64))
            self._rows = backend.xp.empty((longest + 1, len(streams.starts)), ids.dtype)

    def _upload(self, ids: np.ndarray | Gathered) -> None:
        for start in range(0, len(ids), UPLOAD_CHARS):
            chars = ids[start : start + UPLOAD_CHARS]
            self._text[start : start + len(chars)] = self._backend.to_device(chars)
        self._uploaded = ids

    def chunk(self, number: int) -> Chunk:
        """See `Ramp.chunk`; the padding of the last row may differ."""
        if self._text is None:
            chunk, to_device = self._batches.chunk(number), self._backend.to_device
            return chunk._replace(inputs=to_device(chunk.inputs), targets=to_device(chunk.targets))
        span = self._batches.span(number)
        if span.streams.ids is not self._uploaded:  # a list has a new order in each epoch
            self._upload(span.streams.ids)
        rows = self._rows[: span.stop - span.start + 1]
        self._kernels.read_streams(self._text[span.start :], self._starts, rows)
        return Chunk(rows[:-1], rows[1:], span.pairs, span.starts_text)
