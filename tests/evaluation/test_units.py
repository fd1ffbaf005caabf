"""Units of loss, and label smoothing."""

import numpy as np
import pytest

from charrnn.evaluation.units import bits_per_char, perplexity, smooth_targets


def test_units():
    assert bits_per_char(np.log(8)) == pytest.approx(3)
    assert perplexity(np.log(8)) == pytest.approx(8)
    assert perplexity(1e6) < float("inf")


def test_smoothed_gradient_is_that_of_smoothed_targets():
    rng = np.random.default_rng(0)
    logits, targets, smoothing = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2]), 0.2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    one_hot = np.eye(4)[targets]
    gradient = (probabilities - one_hot) / 5
    smooth_targets(np, gradient, targets, smoothing)
    smoothed = (1 - smoothing) * one_hot + smoothing / 4
    np.testing.assert_allclose(gradient, (probabilities - smoothed) / 5, atol=1e-15)
