"""Seconds of phases and rates, on clocks that the tests set."""

from types import SimpleNamespace

import numpy as np
import pytest

from charrnn.bench import timing
from charrnn.bench.timing import HostClock, Laps, rate
from charrnn.device.backend import Backend


def test_laps_add_up_by_phase(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 7.0, 10.0, 20.0, 22.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    laps = Laps(HostClock())
    laps.start()
    for phase in ("forward", "rest", "backward", "rest"):
        laps(phase)
    laps.start()
    laps("rest")
    assert laps.seconds() == {"forward": [1.0], "rest": [5.0, 2.0], "backward": [4.0], "step": [10.0, 2.0]}


def test_a_gpu_is_timed_by_events_in_its_queue():
    queue = []

    class Event:
        def record(self):
            queue.append(self)

        def synchronize(self):
            assert len(queue) == 3, "it waits before everything is queued"

    cuda = SimpleNamespace(Event=Event, get_elapsed_time=lambda a, b: 500.0 * (queue.index(b) - queue.index(a)))
    laps = Laps(timing.clock_of(Backend(SimpleNamespace(cuda=cuda), np.float32, "gpu:0", "a GPU")))
    laps.start()
    laps("forward")
    laps("backward")
    assert laps.seconds() == {"forward": [0.5], "backward": [0.5], "step": [1.0]}


def test_rate(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

    def draw(count):
        now[0] += count / 500

    assert rate(draw) == pytest.approx(500)
