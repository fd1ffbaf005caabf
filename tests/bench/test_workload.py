"""Operations and bytes of a training step, counted by hand."""

import numpy as np
import pytest

from charrnn.bench.workload import Workload
from tests.bench.examples import TINY


def test_operations_by_hand():
    recurrent, between, output = 2 * (4 * 3) * 3, (4 * 3) * 3, 3 * 5
    assert TINY.flops == (7 * 2) * 2 * 3 * (recurrent + between + output)


def test_the_first_input_product_is_a_gather():
    one_layer = Workload("tanh", vocab_size=100, hidden_size=3, num_layers=1, seq_len=1, batch_size=1)
    assert one_layer.flops == 6 * (3 * 3 + 3 * 100)


def test_operations_of_a_large_network():
    assert round(Workload("lstm", 65, 512, 2, 64, 64).flops / 1e9) == 78


@pytest.mark.parametrize(("cell", "values"), [("tanh", 2), ("lstm", 6), ("gru", 5)])
def test_memory_by_hand(cell, values):
    work = Workload(cell, vocab_size=5, hidden_size=3, num_layers=2, seq_len=7, batch_size=2)
    tape = 14 * (2 * values * 3 + 5)
    ids = 2 * 2 * 14
    assert work.least_bytes == 4 * (4 * work.shape.size + tape) + ids


def test_traffic_by_hand():
    size = TINY.shape.size
    assert TINY.traffic == 4 * (11 * size + 2 * 14 * (2 * 6 * 3 + 5))


def test_the_text_is_the_same_for_all_sides():
    (inputs, targets), _ = first = TINY.chunks()
    assert (inputs.shape, targets.shape, inputs.dtype) == ((7, 2), (14,), np.uint8)
    np.testing.assert_array_equal(inputs[1:].reshape(-1), targets[:-2])
    for once, again in zip(first, TINY.chunks(), strict=True):
        np.testing.assert_array_equal(once[0], again[0])
