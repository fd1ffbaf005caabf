"""The times of a run, with a clock that is moved by hand."""

import pytest

from charrnn.training.stopwatch import SMOOTHING, Stopwatch


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_seconds_count_what_was_trained_before(clock):
    watch = Stopwatch(40.0, 0.4, clock)
    clock.now += 5
    assert watch.seconds == 45


def test_seconds_left_follow_from_this_session_alone(clock):
    watch = Stopwatch(1000.0, 0.5, clock)
    assert watch.seconds_left(0.5) is None
    clock.now += 10
    assert watch.seconds_left(0.6) == pytest.approx(40)


def test_saves_and_evaluations_have_their_own_times(clock):
    watch = Stopwatch(0.0, 0.0, clock)
    clock.now += 3
    watch.evaluation_begins()
    clock.now += 2
    watch.saved()
    clock.now += 1
    watch.evaluation_ended()
    clock.now += 4
    assert (watch.since_save, watch.since_evaluation, watch.evaluation_seconds) == (5, 4, 3)


def test_speed_is_smoothed_and_updates_share_their_time(clock):
    watch = Stopwatch(0.0, 0.0, clock)
    assert watch.updates_ended([]) == []
    watch.update_begins()
    watch.update_begins()
    clock.now += 2
    assert watch.updates_ended([100, 200]) == pytest.approx([100, 100 + SMOOTHING * 100])
    assert watch.chars_per_second == pytest.approx(100 + SMOOTHING * 100)
