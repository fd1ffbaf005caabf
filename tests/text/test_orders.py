"""The records of a list come in a new order in each epoch."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.text.streams.batches import Batches
from charrnn.text.streams.orders import Orders
from charrnn.text.streams.ramp import Ramp

NEWLINE = np.array([0], np.uint8)
IDS = np.array([*b"anna\n\nbo\nbo\ncarl\nd\nerika\nfritz\n"], np.uint8)
IDS[IDS == 10] = 0


def lines_of(ids):
    return bytes(ids).split(b"\0")


def test_every_epoch_has_the_same_lines_in_an_order_of_its_own():
    orders = Orders(IDS, NEWLINE, seed=1)
    epochs = [orders.of(epoch)[:] for epoch in range(5)]
    assert all(epoch.dtype == IDS.dtype and Counter(lines_of(epoch)) == Counter(lines_of(IDS)) for epoch in epochs)
    assert len({bytes(epoch) for epoch in epochs}) == 5
    np.testing.assert_array_equal(epochs[0], IDS)
    np.testing.assert_array_equal(epochs[3], Orders(IDS, NEWLINE, seed=1).of(3)[:])
    assert bytes(epochs[3]) != bytes(Orders(IDS, NEWLINE, seed=2).of(3)[:])


def test_chunks_are_of_the_epoch_they_belong_to_wherever_a_walk_begins():
    def walk(numbers):
        batches = Batches(IDS, 2, 5, orders=Orders(IDS, NEWLINE, seed=1))
        return {number: batches.chunk(number) for number in numbers}

    one = Batches(IDS, 2, 5)
    forward, backward = walk(range(4 * one.per_epoch)), walk(reversed(range(4 * one.per_epoch)))
    for number, chunk in forward.items():
        np.testing.assert_array_equal(chunk.inputs, backward[number].inputs)
        np.testing.assert_array_equal(chunk.targets, backward[number].targets)
    for number in range(one.per_epoch):
        np.testing.assert_array_equal(forward[number].inputs, one.chunk(number).inputs)
    again = [forward[number + one.per_epoch].inputs.tolist() != forward[number].inputs.tolist() for number in range(3)]
    assert any(again)


@pytest.mark.parametrize(
    ("settings", "ids", "shuffled"),
    [
        ({"split": "lines"}, IDS, True),
        ({"split": "unique-lines"}, IDS, True),
        ({"split": "contiguous"}, IDS, False),
        ({"split": "lines"}, IDS[:-1], False),
    ],
)
def test_only_lists_are_shuffled(settings, ids, shuffled):
    ramp = Ramp(Config(batch_size=2, seq_len=5, **settings), ids, NEWLINE)
    per_epoch = int(ramp.per_epoch)
    first, later = (
        np.concatenate([ramp.chunk(number).inputs for number in range(begin, begin + per_epoch)])
        for begin in (0, per_epoch)
    )
    assert (first.tolist() != later.tolist()) == shuffled


@pytest.mark.parametrize("most", [1, 3, 8, 100])
def test_many_records_are_reordered_in_pieces_that_follow_each_other(monkeypatch, most):
    monkeypatch.setattr("charrnn.text.streams.orders.MOST_PIECES", most)
    monkeypatch.setattr("charrnn.text.parts.records.IDS_AT_ONCE", 7)
    lines = [f"{number:02}" for number in range(30)]
    ids = np.frombuffer("".join(f"{line}\n" for line in lines).encode(), np.uint8)
    order = bytes(Orders(ids, np.array([10], np.uint8), seed=1).of(1)[:]).decode().split()
    assert sorted(order) == lines
    breaks = sum(int(after) != int(before) + 1 for before, after in pairwise(order))
    assert breaks < most and (breaks or most == 1)


def test_records_of_several_lines_stay_whole():
    records = [f"{number:02}\n{number:02}" + "\n" * (2 + number % 2) for number in range(20)]
    ids = np.frombuffer("".join(records).encode(), np.uint8)
    separator = np.frombuffer(b"\n\n", np.uint8)
    ramp = Ramp(Config(batch_size=1, seq_len=len(ids), split="lines", separator="\n\n"), ids, separator)
    order = bytes(np.append(ramp.chunk(1).inputs, ids[-1])).decode()
    assert order != "".join(records)
    assert sorted(re.findall(r"\d\d\n\d\d\n+", order)) == records and len(order) == len(ids)
