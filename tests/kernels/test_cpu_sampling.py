"""The compiled sampler draws the same characters as the Python sampler."""

from pathlib import Path

import numpy as np
import pytest

from charrnn.device.backend import open_backend
from charrnn.device.processors import processors
from charrnn.kernels.cells import compiled_cells
from charrnn.kernels.choice import build
from charrnn.kernels.cpu.kernels import CpuKernels
from charrnn.kernels.cpu.sampling import Sampler, ThreadChoice
from charrnn.network.network import Network
from charrnn.network.shape import Shape, initial_parameters
from charrnn.sampling.sampler import Filter

COMPILED = [cell.name for cell in compiled_cells()]
BACKEND, VOCAB, STEPS = open_backend("cpu"), 65, 12


@pytest.fixture(params=["float32", "bf16"])
def kernels(request):
    kernels = CpuKernels(("-DEMULATE_BF16",) if request.param == "bf16" else (), request.param)
    yield kernels
    kernels.set_threads(processors())


def parameters(shape):
    params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
    params.buffer *= 1.5  # makes some characters more likely than others
    return params


def open_sampler(kernels, shape, params, batch_size, may_round=False):
    return Sampler(kernels, kernels.functions, shape.kind, params, shape.num_layers, batch_size, may_round)


def both(kernels, shape, batch_size, choose, blocks=(5, STEPS - 5), round_weights=None):
    """Ids, logits and states of the Python loop and of the compiled loop, from the same start.

    `round_weights` rounds the weights of the Python loop after the start, and lets the compiled loop round its own.
    """
    params, given = parameters(shape), parameters(shape)
    network = Network(shape, params, BACKEND, kernels, seq_len=3, batch_size=batch_size)
    logits, states = network.forward(
        np.arange(3 * batch_size, dtype=np.uint8).reshape(3, -1) % VOCAB, network.initial_state()
    )
    logits = logits[-batch_size:]
    ours, our_states = logits.copy(), [tuple(array.copy() for array in state) for state in states]
    draws = np.random.default_rng(1).random((STEPS, batch_size))
    if round_weights:
        round_weights(params)
    ids = []
    for draw in draws:
        ids.append(choose.choose(logits, draw))
        logits, states = network.forward(ids[-1][None], states)
    sampler = open_sampler(kernels, shape, given, batch_size, may_round=bool(round_weights))
    settings = {"temperature": choose.temperature, "top_k": choose.top_k, "top_p": choose.top_p}
    found = [sampler.sample(ours, our_states, part, **settings) for part in np.split(draws, np.cumsum(blocks)[:-1])]
    return (np.stack(ids), logits, states), (np.concatenate(found), ours, our_states)


def assert_same(expected, found):
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-4)
    for state, expected_state in zip(found[2], expected[2], strict=True):
        for array, expected_array in zip(state, expected_state, strict=True):
            np.testing.assert_allclose(array, expected_array, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("hidden_size", "num_layers", "batch_size", "embedding_size"),
    [
        (1, 1, 1, 0),
        (33, 2, 1, 0),
        (40, 3, 20, 0),
        (20, 2, 3, 5),
        (300, 2, 1, 0),
    ],
)
@pytest.mark.parametrize("cell", COMPILED)
def test_any_network(kernels, cell, hidden_size, num_layers, batch_size, embedding_size):
    shape = Shape(cell, VOCAB, hidden_size, num_layers, embedding_size)
    assert_same(*both(kernels, shape, batch_size, Filter(1.0)))


@pytest.mark.parametrize(
    "choose",
    [
        Filter(0),
        Filter(0.5),
        Filter(1, top_k=1),
        Filter(1, top_k=7),
        Filter(1.2, top_p=0.6),
        Filter(1, 200, 0.9),
        Filter(1, top_k=10, top_p=0.01),
    ],
)
def test_any_filter(kernels, choose):
    assert_same(*both(kernels, Shape("gru", VOCAB, 24, 2), 4, choose))


@pytest.mark.parametrize("threads", [1, 3, 5])
def test_any_number_of_threads(kernels, threads):
    shape, choose = Shape("gru-before", VOCAB, 300, 2), Filter(0.8)
    kernels.set_threads(2)
    expected, _ = both(kernels, shape, 2, choose)
    kernels.set_threads(threads)
    assert_same(expected, both(kernels, shape, 2, choose)[1])


def test_logits_of_nan_still_give_an_id(kernels):
    shape = Shape("tanh", VOCAB, 4, 1)
    params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
    states = [(np.zeros((1, 4), np.float32),)]
    for choose in ({"temperature": 0.0}, {"top_p": 0.5}, {"top_k": 3}):
        ids = open_sampler(kernels, shape, params, 1).sample(
            np.full((1, VOCAB), np.nan, np.float32), states, np.full((3, 1), 0.999), **choose
        )
        assert ((ids >= 0) & (ids < VOCAB)).all()


def to_float16(params):
    """Round the weights of matrix products; the input product is a look-up in a table and is not rounded."""
    for name in params:
        if "weight" in name and name not in ("rnn.weight_ih_l0", "embedding.weight"):
            params[name][...] = params[name].astype(np.float16)


needs_float16 = pytest.mark.skipif(
    "f16c" not in Path("/proc/cpuinfo").read_text().split(), reason="this processor cannot widen float16"
)


@needs_float16
@pytest.mark.parametrize("flags", [(), ("-DLANES=4", "-O1")], ids=["native", "lanes-4"])
@pytest.mark.parametrize(
    ("hidden_size", "num_layers", "batch_size", "embedding_size"),
    [
        (1, 1, 1, 0),
        (33, 2, 1, 0),
        (40, 3, 20, 5),
        (300, 2, 2, 0),
    ],
)
@pytest.mark.parametrize("cell", COMPILED)
def test_weights_of_ten_bits(flags, cell, hidden_size, num_layers, batch_size, embedding_size):
    shape, kernels = Shape(cell, VOCAB, hidden_size, num_layers, embedding_size), CpuKernels(flags)
    expected, found = both(kernels, shape, batch_size, Filter(1.0), round_weights=to_float16)
    assert_same(expected, found)
    error = np.abs(found[1] - expected[1]).max()
    exact, _ = both(kernels, shape, batch_size, Filter(1.0))
    assert error < 1e-5 and np.abs(found[1] - exact[1]).max() > max(5e-6, 3 * error)


@pytest.mark.parametrize("value", [7e4, -7e4, np.nan])
def test_weights_that_float16_cannot_hold_stay_as_they_are(value):
    shape = Shape("gru", VOCAB, 20, 2)

    def logits(may_round):
        params, states = parameters(shape), [(np.zeros((1, 20), np.float32),)] * 2
        params["rnn.weight_hh_l1"][0, 0] = value
        logits = np.zeros((1, VOCAB), np.float32)
        open_sampler(CpuKernels(), shape, params, 1, may_round).sample(logits, states, np.full((3, 1), 0.5))
        return logits

    np.testing.assert_array_equal(logits(True), logits(False))


@needs_float16
def test_sampling_has_the_precision_of_products():
    shape = Shape("lstm", VOCAB, 20, 2)

    def logits(precision):
        states = [tuple(np.zeros((1, 20), np.float32) for _ in range(2)) for _ in range(2)]
        logits = np.zeros((1, VOCAB), np.float32)
        sampler = build(BACKEND, "cpu", precision=precision).kernels.sampler("lstm", parameters(shape), 2, 1)
        sampler.sample(logits, states, np.full((3, 1), 0.5))
        return logits

    assert 0 < np.abs(logits("tf32") - logits("float32")).max() < 1e-2


def test_the_faster_number_of_threads_is_used_and_the_slower_one_tried_again():
    choice, busy, used = ThreadChoice(4), True, []
    for block in range(3 * ThreadChoice.again):
        if block == 2 * ThreadChoice.again - 1:
            busy = False
        used.append(choice.next())
        choice.took(used[-1], 1.0 if (used[-1] == 1) == busy else 5.0)
    again = ThreadChoice.again
    assert used[:2] == [4, 1] and set(used[2:again]) == {1}
    assert used[again : again + 2] == [4, 1] and set(used[again + 2 : 2 * again]) == {1}
    assert used[2 * again] == 4 and set(used[2 * again + 1 :]) == {4}


def test_many_texts_take_all_threads(kernels):
    shape = Shape("gru", VOCAB, 8, 1)
    kernels.set_threads(3)
    assert open_sampler(kernels, shape, parameters(shape), 3)._threads() == 3
    few = open_sampler(kernels, shape, parameters(shape), 2)
    assert few._threads() == 3
    few._choice.took(3, 1.0)
    assert few._threads() == 1
