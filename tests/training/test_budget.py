"""How long a run trains."""

import pytest

from charrnn.config import Config
from charrnn.training import budget
from charrnn.training.budget import StepBudget, TimeBudget


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"steps": 7}, StepBudget("7 steps", 7)),
        ({"epochs": 2.5, "accumulate": 2}, StepBudget("2.5 epochs, 25 steps", 25)),
        ({"epochs": 1e-9}, StepBudget("0.000000001 epochs, 1 step", 1)),
        ({"minutes": 1e-5}, TimeBudget("0.00001 minutes", 1e-5 * 60)),
        ({"steps": 5_000_000}, StepBudget("5000000 steps", 5_000_000)),
        ({"minutes": 1}, TimeBudget("1 minute", 60.0)),
    ],
)
def test_one_of_three_settings_is_the_budget(settings, expected):
    assert budget.build(Config(**settings), chunks_per_epoch=20) == expected


def test_no_more_than_all_of_it_is_used():
    assert [StepBudget("", 4).progress(step, 1e9) for step in (0, 1, 4, 5)] == [0, 0.25, 1, 1]
    assert [TimeBudget("", 4).progress(99, seconds) for seconds in (0, 1, 4, 5)] == [0, 0.25, 1, 1]
