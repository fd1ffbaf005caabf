"""Streams and chunks: the characters that are read, and those that follow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.text.streams.batches import Batches, Streams, fit_batch_size


@given(st.integers(2, 200), st.integers(1, 12), st.integers(1, 60))
def test_every_character_but_the_first_is_a_target_once_an_epoch(chars, batch_size, seq_len):
    ids = np.arange(chars)
    batches = Batches(ids, min(batch_size, chars - 1), seq_len)
    seen = []
    for number in range(batches.per_epoch):
        inputs, targets, pairs, _ = batches.chunk(number)
        inputs, targets = inputs.reshape(-1)[:pairs], targets.reshape(-1)[:pairs]
        np.testing.assert_array_equal(targets, inputs + 1)
        seen += targets.tolist()
    assert sorted(seen) == list(range(1, chars))


@given(st.integers(2, 400), st.integers(1, 12), st.integers(1, 60), st.integers(0, 2))
def test_random_lengths_still_read_everything_once_an_epoch(chars, batch_size, seq_len, epoch):
    batches = Batches(np.arange(chars), min(batch_size, chars - 1), seq_len, jitter_seed=7)
    seen = []
    for number in range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch):
        _, targets, pairs, _ = batches.chunk(number)
        assert 0 < len(targets) <= seq_len
        seen += targets.reshape(-1)[:pairs].tolist()
    assert sorted(seen) == list(range(1, chars))


def test_random_lengths_differ_from_epoch_to_epoch():
    batches = Batches(np.arange(1000), 2, 30, jitter_seed=7)
    lengths = [
        [len(batches.chunk(epoch * batches.per_epoch + index).targets) for index in range(batches.per_epoch)]
        for epoch in (0, 0, 1)
    ]
    assert lengths[0] == lengths[1] != lengths[2] and len(set(lengths[0])) > 3


@given(st.integers(2, 500), st.integers(1, 12), st.integers(1, 60))
def test_chunks_are_of_nearly_equal_length(chars, batch_size, seq_len):
    batches = Batches(np.arange(chars), min(batch_size, chars - 1), seq_len)
    lengths = [len(batches.chunk(number).inputs) for number in range(batches.per_epoch)]
    assert max(lengths) <= seq_len and max(lengths) - min(lengths) <= 1


def test_streams_continue_from_chunk_to_chunk():
    batches = Batches(np.arange(41), batch_size=4, seq_len=5)
    first, second = batches.chunk(0), batches.chunk(1)
    np.testing.assert_array_equal(second.inputs[0], first.targets[-1])
    assert [batches.chunk(step).starts_text for step in range(4)] == [True, False, True, False]
    np.testing.assert_array_equal(batches.chunk(2).inputs, first.inputs)


def test_a_text_too_short_for_its_streams_is_refused():
    with pytest.raises(CorpusError, match="3 characters do not fill 3 streams; at least 4 do"):
        Streams(np.arange(3), 3)


@pytest.mark.parametrize(("chars", "expected"), [(10_000, 50), (2_501, 50), (2_500, 49), (51, 1), (2, 1)])
def test_the_batch_shrinks_with_the_text(chars, expected):
    assert fit_batch_size(chars, 50, 50) == expected


def test_nothing_to_learn_says_how_much_is_needed():
    with pytest.raises(CorpusError, match="1 character to learn from; at least 2"):
        fit_batch_size(1, 50, 50)
