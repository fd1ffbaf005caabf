"""Opening a trained model."""

import numpy as np
import pytest

from charrnn.runs.model import open_model
from tests.support.training import SMALL, train


@pytest.mark.parametrize("average", ["none", "ema", "polyak"])
def test_both_checkpoints_of_a_run_give_the_weights_that_were_evaluated(text, tmp_path, average):
    settings = SMALL | {"average": average, "steps": 40, "eval_every": 40, "schedule": "constant"}
    train(text, settings, run=str(tmp_path / "run"))
    best, last = (open_model(str(tmp_path / "run" / f"{name}.safetensors")) for name in ("best", "last"))
    assert best.checkpoint.progress.step == last.checkpoint.progress.step == 40
    np.testing.assert_array_equal(best.params.buffer, last.params.buffer)
    trained = last.checkpoint.weights["head.weight"]
    assert np.array_equal(last.params["head.weight"], trained) == (average == "none")
