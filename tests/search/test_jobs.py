"""How long a sweep will still take."""

import pytest

from charrnn.search.jobs import estimate


@pytest.mark.parametrize(
    ("took", "running", "waiting", "jobs", "expected"),
    [
        ([10.0, 20.0], [], 4, 1, 60),
        ([10.0], [4.0], 0, 1, 6),
        ([10.0], [99.0], 0, 1, 0),
        ([10.0], [5.0, 0.0], 3, 2, 22.5),
        ([10.0], [0.0], 0, 8, 10),  # jobs without a trial do not help
        ([10.0], [], 0, 1, None),
        ([], [], 4, 1, None),  # all have failed so far
    ],
)
def test_trials_to_come_take_as_long_as_those_before(took, running, waiting, jobs, expected):
    assert estimate(took, running, waiting, jobs) == expected
