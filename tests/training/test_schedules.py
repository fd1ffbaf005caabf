"""Learning-rate schedules."""

import pytest

from charrnn.config import Config
from charrnn.training import schedules


def factors(config, points):
    schedule = schedules.build(config)
    return [schedule.factor(progress, epoch) for progress, epoch in points]


def test_constant():
    assert factors(Config(schedule="constant"), [(0, 0), (0.5, 7), (1, 99)]) == [1, 1, 1]


def test_step_decay_falls_once_an_epoch_from_its_start_on():
    config = Config(schedule="step", decay=0.5, decay_after=10)
    assert factors(config, [(0, 0), (0, 9.9), (0, 10), (0, 11.5)]) == [1, 1, 0.5, 0.25]
    config = config.replace(decay_after=0)
    assert factors(config, [(0, 0), (0, 0.9), (0, 1), (0, 2.5)]) == [1, 1, 0.5, 0.25]


def test_cosine_rises_and_falls_to_its_floor():
    config = Config(schedule="cosine", warmup=0.2, final_rate=0.1)
    assert factors(config, [(0.1, 0), (0.2, 0), (0.6, 0), (1, 0)]) == pytest.approx([0.5, 1, 0.55, 0.1])
    assert factors(config, [(0, 0)])[0] > 0


def test_plateau_cuts_after_its_patience_and_continues_from_its_state():
    config = Config(schedule="plateau", decay=0.5, plateau_patience=2)
    schedule, seen = schedules.build(config), []
    for loss in (3, 2, 2.5, 2.5, 1, 2, 2):
        schedule.observe(loss)
        seen.append(schedule.factor(0, 0))
        resumed = schedules.build(config)
        resumed.load(schedule.state())
        schedule = resumed
    assert seen == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
