"""A growing batch."""

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.text.streams.batches import Batches
from charrnn.text.streams.ramp import Ramp

IDS = np.arange(1000)


def ramp(**settings):
    return Ramp(Config(**{"batch_size": 8, "seq_len": 10} | settings), IDS, np.array([10]))


def test_without_a_ramp_it_is_a_plain_walk():
    walk, plain = ramp(), Batches(IDS, 8, 10)
    assert (walk.per_epoch, walk.batch_size, walk.state()) == (plain.per_epoch, 8, {})
    assert not walk.advance(3, 1.0)
    for number in (0, 1, plain.per_epoch, 2 * plain.per_epoch + 3):
        np.testing.assert_array_equal(walk.chunk(number).targets, plain.chunk(number).targets)
        assert walk.chunk(number).starts_text == plain.chunk(number).starts_text
        assert walk.epoch(number) == plain.epoch(number)


def test_stages_begin_where_the_budget_says_and_with_the_start_of_the_text():
    walk = ramp(batch_ramp=4)
    assert walk.batch_size == 2
    assert not walk.advance(7, 0.33)
    assert walk.advance(7, 0.34) and walk.batch_size == 4
    assert walk.chunk(7).starts_text and not walk.chunk(8).starts_text
    np.testing.assert_array_equal(walk.chunk(7).inputs, Batches(IDS, 4, 10).chunk(0).inputs)
    assert walk.epoch(7) == Batches(IDS, 2, 10).epoch(7)
    assert walk.epoch(9) - walk.epoch(7) == pytest.approx(Batches(IDS, 4, 10).epoch(2))
    assert not walk.advance(8, 0.5)
    assert walk.advance(9, 0.9) and not walk.advance(10, 1.0)


def test_a_pass_over_the_text_in_the_mean_of_the_stages():
    walk = ramp(batch_ramp=2)
    small, large = (Batches(IDS, size, 10).per_epoch for size in (4, 8))
    assert 2 / walk.per_epoch == pytest.approx(1 / small + 1 / large)


def test_it_continues_from_its_state():
    walk, other = ramp(batch_ramp=4, random_lengths=True), ramp(batch_ramp=4, random_lengths=True)
    walk.advance(5, 0.5)
    other.load(walk.state(), 5)
    assert other.epoch(11) == walk.epoch(11)
    np.testing.assert_array_equal(other.chunk(11).targets, walk.chunk(11).targets)


def test_a_batch_cannot_be_smaller_than_one_stream():
    assert ramp(batch_size=2, batch_ramp=8).batch_size == 1


@pytest.mark.parametrize("settings", [{"split": "lines"}, {"random_lengths": True}], ids=str)
def test_every_stage_has_an_order_of_its_own(settings):
    lines = np.frombuffer("".join(f"{number:03}\n" for number in range(999)).encode(), np.uint8)
    walk = Ramp(Config(batch_size=8, seq_len=20, batch_ramp=8, **settings), lines, np.array([10]))
    seen = set()
    for number, used in enumerate((0, 0.3, 0.6, 0.8)):
        walk.advance(100 * number, used)
        first = walk.chunk(100 * number)
        seen.add(first.inputs[:8, 0].tobytes() if "split" in settings else len(first.inputs))
    assert walk.batch_size == 8 and len(seen) > 2
