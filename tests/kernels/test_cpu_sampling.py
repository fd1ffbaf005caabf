"""The compiled sampler draws what the Python sampler draws."""

import numpy as np
import pytest

from charrnn.backend import open_backend
from charrnn.cells import CELLS
from charrnn.kernels.cpu import CpuKernels
from charrnn.kernels.cpu.functions import processors
from charrnn.kernels.cpu.sampling import Sampler
from charrnn.network import Network, Shape, initial_parameters
from charrnn.sampler import Filter

BACKEND, VOCAB, STEPS = open_backend("cpu"), 65, 12


@pytest.fixture(params=["float32", "bf16"])
def kernels(request):
    kernels = CpuKernels(("-DEMULATE_BF16",) if request.param == "bf16" else (), request.param)
    yield kernels
    kernels.set_threads(processors())


def both(kernels, shape, batch_size, choose, blocks=(5, STEPS - 5)):
    """Ids, logits and states of the Python loop and of the compiled one, from the same start."""
    params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
    params.buffer *= 1.5  # so that not all characters are alike
    network = Network(shape, params, BACKEND, kernels, seq_len=3, batch_size=batch_size)
    logits, states = network.forward(np.arange(3 * batch_size, dtype=np.uint8).reshape(3, -1) % VOCAB,
                                     network.initial_state())  # fmt: skip
    logits = logits[-batch_size:]
    ours, our_states = logits.copy(), [tuple(array.copy() for array in state) for state in states]
    draws = np.random.default_rng(1).random((STEPS, batch_size))
    ids = []
    for draw in draws:
        ids.append(choose.choose(logits, draw))
        logits, states = network.forward(ids[-1][None], states)
    sampler = Sampler(kernels, shape.cell, params, shape.num_layers, batch_size)
    settings = {"temperature": choose.temperature, "top_k": choose.top_k, "top_p": choose.top_p}
    found = [sampler.sample(ours, our_states, part, **settings) for part in np.split(draws, np.cumsum(blocks)[:-1])]
    return (np.stack(ids), logits, states), (np.concatenate(found), ours, our_states)


def assert_same(expected, found):
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-4)
    for state, expected_state in zip(found[2], expected[2], strict=True):
        for array, expected_array in zip(state, expected_state, strict=True):
            np.testing.assert_allclose(array, expected_array, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("hidden_size", "num_layers", "batch_size", "embedding_size"), [
    (1, 1, 1, 0), (33, 2, 1, 0), (40, 3, 20, 0), (20, 2, 3, 5), (300, 2, 1, 0),
])  # fmt: skip
@pytest.mark.parametrize("cell", CELLS)
def test_any_network(kernels, cell, hidden_size, num_layers, batch_size, embedding_size):
    shape = Shape(cell, VOCAB, hidden_size, num_layers, embedding_size)
    assert_same(*both(kernels, shape, batch_size, Filter(1.0)))


@pytest.mark.parametrize("choose", [
    Filter(0), Filter(0.5), Filter(1, top_k=1), Filter(1, top_k=7), Filter(1.2, top_p=0.6), Filter(1, 200, 0.9),
    Filter(1, top_k=10, top_p=0.01),
])  # fmt: skip
def test_any_filter(kernels, choose):
    assert_same(*both(kernels, Shape("gru", VOCAB, 24, 2), 4, choose))


@pytest.mark.parametrize("threads", [1, 3, 5])
def test_any_number_of_threads(kernels, threads):
    shape, choose = Shape("gru-before", VOCAB, 300, 2), Filter(0.8)
    kernels.set_threads(2)
    expected, _ = both(kernels, shape, 2, choose)
    kernels.set_threads(threads)
    assert_same(expected, both(kernels, shape, 2, choose)[1])


def test_logits_that_are_no_numbers_draw_an_id_all_the_same(kernels):
    shape = Shape("tanh", VOCAB, 4, 1)
    params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
    states = [(np.zeros((1, 4), np.float32),)]
    for choose in ({"temperature": 0.0}, {"top_p": 0.5}, {"top_k": 3}):
        ids = Sampler(kernels, "tanh", params, 1, 1).sample(np.full((1, VOCAB), np.nan, np.float32), states,
                                                            np.full((3, 1), 0.999), **choose)  # fmt: skip
        assert ((ids >= 0) & (ids < VOCAB)).all()
