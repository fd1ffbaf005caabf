"""Stretches of a text as one array."""

import mmap
import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.text.parts import gathered
from charrnn.text.parts.gathered import Gathered, are_in_place
from charrnn.text.parts.pages import release
from charrnn.text.streams import batches
from charrnn.text.streams.batches import Streams

IDS = np.arange(50, dtype=np.uint16)
STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=12)
BORDER = st.one_of(st.none(), st.integers(-130, 130))


def joined(stretches):
    return np.concatenate([IDS[:0], *(IDS[start : start + length] for start, length in stretches)])


def gather(stretches):
    return Gathered(IDS, [start for start, _ in stretches], [length for _, length in stretches])


@given(STRETCHES, BORDER, BORDER, st.sampled_from([1, 3, 1 << 16]))
def test_slices_are_those_of_the_joined_stretches(stretches, start, stop, at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathered, "IDS_AT_ONCE", at_once)
        found, expected = gather(stretches), joined(stretches)
        assert (len(found), found.size, found.nbytes, found.dtype) == (*[len(expected)] * 2, expected.nbytes, IDS.dtype)
        np.testing.assert_array_equal(found[start:stop], expected[start:stop])
        np.testing.assert_array_equal(np.concatenate([IDS[:0], *found.blocks()]), expected)


@given(STRETCHES.filter(lambda found: sum(length for _, length in found) > 5), st.integers(1, 4), st.integers(1, 40))
def test_streams_read_ahead_what_they_would_read(stretches, batch_size, ahead):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "IDS_AHEAD", ahead)
        found, expected = Streams(gather(stretches), batch_size), Streams(joined(stretches), batch_size)
        steps = [*range(0, found.length, 3), found.length]
        for start, stop in [*pairwise(steps), (0, found.length)]:
            mine, theirs = found.read(start, stop), expected.read(start, stop)
            assert mine.pairs == theirs.pairs
            np.testing.assert_array_equal(mine.inputs, theirs.inputs)
            np.testing.assert_array_equal(mine.targets, theirs.targets)


def test_parts_that_are_in_their_order_already():
    assert are_in_place([gather([(0, 30)]), gather([(5, 0)]), gather([(30, 15), (45, 5)])], 50)
    assert not are_in_place([gather([(0, 30)]), gather([(30, 10)])], 50)
    assert not are_in_place([gather([(30, 20)]), gather([(0, 30)])], 50)
    assert not are_in_place([IDS], 50)


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="pages are released by the system")
def test_pages_of_a_map_are_released_as_stretches_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(gathered, "STRETCHES_KEPT", 4)
    file = tmp_path / "ids"
    file.write_bytes(os.urandom(1 << 24))
    with file.open("rb") as opened:
        ids = np.frombuffer(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    starts = np.random.default_rng(0).permutation(1 << 12) << 12
    before = resident()
    found = Gathered(ids, starts, np.full(len(starts), 1 << 12))[: 1 << 23]
    assert resident() - before < len(found) + (1 << 22)
    assert bytes(found[: 1 << 12]) == bytes(ids[starts[0] : starts[0] + (1 << 12)])
    release(ids)
    release(IDS)


def resident() -> int:
    """Bytes of this process in RAM."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * mmap.PAGESIZE
