"""Some cases of each kind, in seconds; `make torture` runs all."""

import pytest

from tests.torture import faults
from tests.torture.crashes import Recipe, killed
from tests.torture.kinds import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_survives(tmp_path, kind):
    cases = list(KINDS[kind](tmp_path, False))
    assert cases and not [case for case in cases if case.failure]


def test_a_case_that_is_not_survived_is_seen(tmp_path):
    recipe = Recipe("lstm", tmp_path)
    recipe.alone[0][0] = "another digest"
    (case,) = killed(recipe, faults.KILL, [60])
    assert case.failure == "best differ"
