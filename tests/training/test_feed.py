"""Chunks that a device reads by itself equal those that are copied to it."""

import numpy as np
import pytest

from charrnn.device.backend import Backend, open_backend
from charrnn.kernels.choice import build
from charrnn.text.streams.batches import Batches
from charrnn.text.streams.orders import Orders
from charrnn.training.feed import FREE_PARTS, Feed

CPU = open_backend("cpu")
NEWLINE = 0
KERNELS = build(CPU, "reference").kernels


@pytest.mark.parametrize("is_list", [False, True])
@pytest.mark.parametrize("jitter_seed", [None, 3])
@pytest.mark.parametrize(("chars", "streams", "seq_len"), [(41, 4, 10), (40, 4, 10), (103, 7, 6), (2, 1, 1)])
def test_chunks_of_a_text_on_the_device(monkeypatch, chars, streams, seq_len, jitter_seed, is_list):
    monkeypatch.setattr(Backend, "free_memory", lambda self: 1 << 20)
    monkeypatch.setattr("charrnn.training.feed.UPLOAD_CHARS", 16)
    ids = np.random.default_rng(0).integers(1, 200, chars).astype(np.uint8)
    ids[3::4] = NEWLINE
    ids[-1] = NEWLINE
    orders = Orders(ids, np.array([NEWLINE]), seed=1) if is_list else None
    batches = Batches(ids, streams, seq_len, jitter_seed=jitter_seed, orders=orders)
    feed = Feed(Batches(ids, streams, seq_len, jitter_seed=jitter_seed, orders=orders), CPU, KERNELS)
    for number in range(2 * batches.per_epoch):
        expected, found = batches.chunk(number), feed.chunk(number)
        assert (found.inputs.shape, found.inputs.dtype) == (expected.inputs.shape, np.uint8)
        assert (found.pairs, found.starts_text) == (expected.pairs, expected.starts_text)
        for mine, theirs in zip(found[:2], expected[:2], strict=True):
            np.testing.assert_array_equal(mine.reshape(-1)[: found.pairs], theirs.reshape(-1)[: found.pairs])


def test_a_text_that_takes_too_much_of_the_memory_is_copied_in_chunks(monkeypatch):
    ids = np.arange(64, dtype=np.uint16)
    kept = {}
    for free in (FREE_PARTS * ids.nbytes, FREE_PARTS * ids.nbytes - 1, None):
        monkeypatch.setattr(Backend, "free_memory", lambda self, free=free: free)
        kept[free] = Feed(Batches(ids, 2, 5), CPU, KERNELS)._text is not None
    assert list(kept.values()) == [True, False, False]
