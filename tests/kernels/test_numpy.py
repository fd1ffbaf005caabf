"""The NumPy kernels against the reference, forward and backward."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.kernels.reference import ReferenceKernels
from tests.support.layers import Layer

REFERENCE, FUSED = ReferenceKernels(np), NumpyKernels()
SHAPES = [(1, 1, 1), (1, 4, 3), (7, 1, 5), (6, 3, 9), (20, 2, 33)]


def run(kernels, layer, cell, dtype, spare=0):
    """All outputs and gradients of a layer, built for sequences longer by `spare` than those it gets."""
    seq_len, batch_size, hidden_size = layer.dh.shape
    recurrence = kernels.recurrence(
        cell, hidden_size=hidden_size, seq_len=seq_len + spare, batch_size=batch_size, dtype=dtype, training=True
    )
    params = {name: param.astype(dtype) for name, param in layer.params.items()}
    state = tuple(s.astype(dtype) for s in layer.state)
    h, last = recurrence.forward(params, layer.z.astype(dtype), state)
    found = {"h": h.copy()} | {f"state {k}": s.copy() for k, s in enumerate(last)}
    grads = layer.empty_grads(dtype)
    dstate = tuple(s.astype(dtype) for s in layer.dstate)
    dz, first = recurrence.backward(params, grads, layer.dh.astype(dtype), dstate)
    return found | grads | {"dz": dz.copy()} | {f"dstate {k}": s.copy() for k, s in enumerate(first)}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_agrees_with_the_reference(cell, shape):
    layer = Layer(cell, *shape)
    expected = run(REFERENCE, layer, cell, np.float64)
    for name, value in run(FUSED, layer, cell, np.float64, spare=2).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_is_accurate(cell):
    layer = Layer(cell, 30, 5, 33)
    expected = run(REFERENCE, layer, cell, np.float64)
    for name, value in run(FUSED, layer, cell, np.float32).items():
        error = np.abs(value - expected[name]).max() / np.abs(expected[name]).max()
        assert error < (1e-4 if name.startswith(("d", "weight", "bias")) else 1e-5), name


@pytest.mark.parametrize("kernels", [REFERENCE, FUSED], ids=["reference", "numpy"])
@pytest.mark.parametrize("cell", CELLS)
def test_inference_equals_training_and_starts_from_any_state(cell, kernels):
    layer = Layer(cell, 6, 3, 4)
    size = {"hidden_size": 4, "seq_len": 6, "batch_size": 3, "dtype": np.float64}
    trained, _ = kernels.recurrence(cell, **size, training=True).forward(layer.params, layer.z.copy(), layer.state)
    inference = kernels.recurrence(cell, **size, training=False)
    first, state = inference.forward(layer.params, layer.z[:4].copy(), layer.state)
    first = first.copy()
    second, _ = inference.forward(layer.params, layer.z[4:].copy(), state)
    np.testing.assert_allclose(np.concatenate((first, second)), trained, rtol=1e-12)


@pytest.mark.parametrize("vocab_size", [1, 7, 300])
def test_gather_and_scatter_add(vocab_size):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, max(1, vocab_size - 1), 50).astype(np.uint16)
    table, rows = rng.normal(size=(vocab_size, 6)), rng.normal(size=(50, 6))
    gathered, summed = np.full((50, 6), np.nan), np.full((vocab_size, 6), np.nan)
    FUSED.gather(table, ids, gathered)
    FUSED.scatter_add(ids, rows, summed)
    expected = np.empty_like(summed)
    REFERENCE.scatter_add(ids, rows, expected)
    np.testing.assert_array_equal(gathered, table[ids])
    np.testing.assert_allclose(summed, expected, atol=1e-12)


def test_cross_entropy_does_not_overflow():
    logits = np.array([[1e4, 0.0, -1e4], [-1e38, 1e38, 0.0]], np.float32)
    nats = REFERENCE.cross_entropy(logits.copy(), np.array([0, 1]))
    np.testing.assert_allclose(nats, 0, atol=1e-6)


def test_cross_entropy_gradient_is_softmax_minus_one_hot():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = (probabilities - np.eye(4)[targets]) / 5
    loss = REFERENCE.cross_entropy_gradient(logits, targets)
    np.testing.assert_allclose(loss, -np.log(probabilities[range(5), targets]).mean())
    np.testing.assert_allclose(logits, expected, atol=1e-15)
