"""Optimizers against their textbook formulas, and clipping."""

import numpy as np
import pytest

from charrnn.config import OPTIMIZERS, Config
from charrnn.device.arrays import Flat
from charrnn.kernels.reference import ReferenceKernels
from charrnn.training import optim

KERNELS = ReferenceKernels(np)
SHAPES = {"bias": (3,), "weight": (2, 3)}


def textbook(name, w, gradients, rate, weight_decay=0.0):
    """Each optimizer as written in its paper, one array at a time."""
    m, v = np.zeros_like(w), np.zeros_like(w)
    for step, g in enumerate(gradients, start=1):
        if name == "adamw":
            w = w - rate * weight_decay * w
        else:
            g = g + weight_decay * w
        if name == "sgd":
            w = w - rate * g
        elif name == "momentum":
            m = 0.9 * m + g
            w = w - rate * m
        elif name == "adagrad":
            v = v + g**2
            w = w - rate * g / (np.sqrt(v) + 1e-10)
        elif name == "rmsprop":
            v = 0.95 * v + 0.05 * g**2
            w = w - rate * g / (np.sqrt(v) + 1e-8)
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return w


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_five_steps_as_in_the_textbook(name, weight_decay):
    rng = np.random.default_rng(0)
    start = {key: rng.normal(size=shape) for key, shape in SHAPES.items()}
    gradients = [{key: rng.normal(size=shape) for key, shape in SHAPES.items()} for _ in range(5)]
    params = Flat(np, SHAPES, np.float64, start)
    optimizer = optim.build(Config(optimizer=name, weight_decay=weight_decay), KERNELS, params)
    for step, gradient in enumerate(gradients, start=1):
        optimizer.update(Flat(np, SHAPES, np.float64, gradient), 0.05, step)
    for key in SHAPES:
        decay = weight_decay if key == "weight" else 0.0
        expected = textbook(name, start[key], [gradient[key] for gradient in gradients], 0.05, decay)
        np.testing.assert_allclose(params[key], expected, rtol=1e-12, err_msg=key)


@pytest.mark.parametrize(
    ("limit", "mode", "expected"),
    [
        (0, "norm", [3, -4]),
        (10, "norm", [3, -4]),
        (1, "norm", [0.6, -0.8]),
        (3.5, "value", [3, -3.5]),
    ],
)
def test_clip(limit, mode, expected):
    grads = Flat(np, {"w": (2,)}, np.float64, {"w": [3, -4]})
    assert optim.clip(KERNELS, grads, limit, mode) == 5
    np.testing.assert_allclose(grads["w"], expected, rtol=1e-5)
