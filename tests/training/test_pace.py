"""When evaluations are due."""

import pytest

from charrnn.config import Config
from charrnn.training.budget import StepBudget, TimeBudget
from charrnn.training.pace import Pace
from charrnn.training.stopwatch import Stopwatch


def due(pace, steps, stopwatch=None):
    """The steps after which an evaluation is due, in a run of `steps` steps."""
    found = []
    for step in range(1, steps + 1):
        if pace.is_due(step, step / steps, len(found), stopwatch or Stopwatch(0, 0)):
            found.append(step)
    return found


@pytest.mark.parametrize(
    ("learned", "read", "expected"),
    [
        (100_000, 100, list(range(5, 101, 5))),  # twenty of them take hardly any time
        (100_000, 6_000, [20, 40, 60, 80, 100]),
        (100_000, 30_000, [100]),
        (100_000, 10**9, [100]),  # the last one is never left out
        (100_000, 0, list(range(5, 101, 5))),  # nothing is held out: an evaluation only saves
    ],
)
def test_evaluations_read_about_a_tenth_of_what_learning_costs(learned, read, expected):
    assert due(Pace(Config(), StepBudget("", 100), learned=learned, read=read), 100) == expected


def test_eval_every_is_obeyed_whatever_it_costs():
    assert due(Pace(Config(eval_every=30), StepBudget("", 100), learned=1, read=10**9), 100) == [30, 60, 90]


def test_seconds_count_if_time_is_the_budget():
    now = [0.0]
    watch = Stopwatch(0.0, 0.0, lambda: now[0])
    pace = Pace(Config(), TimeBudget("", 100), learned=0, read=10**9)
    now[0] = 5.0
    assert pace.is_due(1, 0.05, 0, watch)
    watch.evaluation_begins()
    now[0] += 2
    watch.evaluation_ended()
    now[0] += 19
    assert not pace.is_due(1, 0.26, 1, watch)
    now[0] += 2
    assert pace.is_due(1, 0.28, 1, watch)
