"""Dynamic evaluation: what it learns while it reads, and what must not make it learn too fast."""

import numpy as np
import pytest

from charrnn.device.arrays import Flat
from charrnn.device.backend import open_backend
from charrnn.evaluation.dynamic import Learning, dynamic_score
from charrnn.evaluation.score import Evaluator
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape, initial_parameters

BACKEND = open_backend("cpu", np.float64)
KERNELS = build(BACKEND).kernels
IDS = np.tile(np.array([0, 1, 2, 3, 3, 2], np.uint8), 60)


def scores(cell, square_mean, learning):
    """Static and dynamic loss, and how far the initial weights were moved."""
    shape = Shape(cell, 5, 8, 1)
    params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
    before = params.buffer.copy()
    moments = Flat(np, shape.parameters, np.float64)
    moments.buffer[...] = square_mean
    static = Evaluator(shape, params, BACKEND, KERNELS, len(IDS)).score(IDS)
    dynamic = dynamic_score(shape, params, moments, BACKEND, KERNELS, IDS, learning)
    return static.loss, dynamic.loss, np.abs(params.buffer - before).max()


def test_it_learns_what_repeats_and_leaves_the_model_as_it_was():
    static, dynamic, moved = scores("lstm", 1e-6, Learning(2e-4, 0.001))
    assert dynamic < 0.9 * static and moved == 0


def test_weights_are_pulled_back():
    _, free, _ = scores("lstm", 1e-6, Learning(2e-4, 0.0))
    static, held, _ = scores("lstm", 1e-6, Learning(2e-4, 1.0))
    assert free < held == pytest.approx(static, rel=1e-3)


@pytest.mark.parametrize("cell", ["relu", "lstm"])
def test_weights_without_gradients_in_training_take_no_huge_steps(cell):
    static, dynamic, _ = scores(cell, 0.0, Learning(2e-5, 0.001))
    assert dynamic < static
