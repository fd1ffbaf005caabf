"""Every cell's gradients against central differences in float64, and chunks against the whole."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.device.backend import open_backend
from charrnn.kernels.reference import Unrolled
from charrnn.network.shape import Shape, initial_parameters
from tests.support.layers import Layer, numeric_gradient

CHUNKS = [(1, 1, 1), (5, 3, 4)]


@pytest.mark.parametrize("shape", CHUNKS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_every_input(cell, shape):
    layer = Layer(cell, *shape)
    recurrence = Unrolled(np, CELLS[cell])

    def objective():
        h, state = recurrence.forward(layer.params, layer.z, layer.state)
        return (h * layer.dh).sum() + sum((s * ds).sum() for s, ds in zip(state, layer.dstate, strict=True))

    objective()
    grads = layer.empty_grads()
    dz, dstate = recurrence.backward(layer.params, grads, layer.dh, layer.dstate)
    inputs = [layer.z, *layer.state, layer.params["weight_hh"], layer.params["bias_hh"]]
    found = [dz, *dstate, grads["weight_hh"], grads["bias_hh"]]
    for array, gradient in zip(inputs, found, strict=True):
        np.testing.assert_allclose(gradient, numeric_gradient(objective, array), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("cell", CELLS)
def test_pieces_give_the_same_as_the_whole(cell):
    layer = Layer(cell, 6, 3, 4)
    recurrence = Unrolled(np, CELLS[cell])
    whole, last = recurrence.forward(layer.params, layer.z, layer.state)
    first, state = recurrence.forward(layer.params, layer.z[:2], layer.state)
    second, state = recurrence.forward(layer.params, layer.z[2:], state)
    np.testing.assert_array_equal(np.concatenate((first, second)), whole)
    for a, b in zip(state, last, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("embedding_size", [0, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_initial_weights(cell, embedding_size):
    shape = Shape(cell, 5, 400, 2, embedding_size)
    params = initial_parameters(shape, open_backend("cpu", np.float64), np.random.default_rng(0))
    bound = {name: 400**-0.5 for name in shape.parameters}
    if not embedding_size:
        bound["rnn.weight_ih_l0"] = 1
    for layer in range(2):
        both = params[f"rnn.bias_ih_l{layer}"] + params[f"rnn.bias_hh_l{layer}"]
        if cell == "lstm":  # it starts by remembering
            np.testing.assert_array_equal(both.reshape(4, 400)[:, 0], [0, 1, 0, 0])
            assert (both.reshape(4, 400) == both.reshape(4, 400)[:, :1]).all()
            bound[f"rnn.bias_ih_l{layer}"] = bound[f"rnn.bias_hh_l{layer}"] = 1
        else:
            assert abs(both.mean()) < 0.01
    for name, array in params.items():
        if name == "embedding.weight":
            continue
        assert np.abs(array).max() <= bound[name]
        if array.ndim == 2:
            assert np.abs(array).max() > 0.95 * bound[name] and abs(array.mean()) < 0.1 * bound[name]
