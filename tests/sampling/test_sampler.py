"""Sampling characters: filters, seeds, and the incremental state."""

from itertools import islice

import numpy as np
import pytest

from charrnn.device.backend import open_backend
from charrnn.errors import ConfigError
from charrnn.kernels.choice import build
from charrnn.network.network import Network
from charrnn.network.shape import Shape, initial_parameters
from charrnn.sampling.sampler import Filter, sample

LOGITS = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
EVEN = np.linspace(0, 1, 2000, endpoint=False)


def shares(choose):
    """How often each id is chosen over evenly spread draws."""
    ids = choose.choose(np.repeat(LOGITS, len(EVEN), axis=0), EVEN)
    return np.bincount(ids, minlength=4) / len(EVEN)


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        (Filter(1.0), [0.5, 0.3, 0.15, 0.05]),
        (Filter(0.5), np.array([0.25, 0.09, 0.0225, 0.0025]) / 0.365),
        (Filter(0), [1, 0, 0, 0]),
        (Filter(1e-5), [1, 0, 0, 0]),
        (Filter(1.0, top_k=2), [0.625, 0.375, 0, 0]),
        (Filter(1.0, top_k=9), [0.5, 0.3, 0.15, 0.05]),
        (Filter(1.0, top_p=0.79), [0.625, 0.375, 0, 0]),
        (Filter(1.0, top_p=0.01), [1, 0, 0, 0]),
        (Filter(1.0, top_k=3, top_p=0.9), np.array([0.5, 0.3, 0.15, 0]) / 0.95),
    ],
)
def test_filters(choose, expected):
    np.testing.assert_allclose(shares(choose), expected, atol=2e-3)


def test_a_draw_just_below_one_stays_in_the_vocabulary():
    draws = np.array([np.nextafter(1.0, 0)])
    assert Filter(1.0).choose(LOGITS, draws) == [3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": float("nan")}, "temperature must be finite, not nan"),
        ({"temperature": -1}, "temperature must be at least 0, not -1"),
        ({"top_k": -1}, "top_k must be at least 0, not -1"),
        ({"top_p": 0}, "top_p must be above 0 and at most 1, not 0"),
    ],
)
def test_bad_filters(options, message):
    with pytest.raises(ConfigError, match=message):
        Filter(**options)


def network(batch_size, seq_len=1):
    backend = open_backend("cpu", np.float64)
    shape = Shape("gru", 9, 12, 2)
    params = initial_parameters(shape, backend, np.random.default_rng(0))
    params.buffer *= 3
    return Network(shape, params, backend, build(backend).kernels, seq_len=seq_len, batch_size=batch_size)


def draw(net, seed, count=1100, prime=(1, 2, 3)):
    return np.array(list(islice(sample(net, np.array(prime), Filter(1.0), seed), count)))


def test_the_same_seed_draws_the_same_text():
    first, again, other = draw(network(1), 5), draw(network(1), 5), draw(network(1), 6)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_first_of_many_texts_is_the_only_one():
    many = draw(network(3), 5)
    np.testing.assert_array_equal(many[:, :1], draw(network(1), 5))
    assert (many[:, 0] != many[:, 1]).any()


def test_the_state_is_kept_as_if_the_whole_text_were_read_again():
    drawn = draw(network(1), 5, count=40)[:, 0]
    text = np.concatenate(([1, 2, 3], drawn))
    net = network(1, seq_len=len(text))
    logits, _ = net.forward(text[:, None], net.initial_state())
    draws = np.random.Generator(np.random.Philox(key=[5, 0])).random(40)
    np.testing.assert_array_equal(Filter(1.0).choose(logits[2:-1], draws), drawn)


def test_a_prime_is_read_in_pieces_of_any_length():
    np.testing.assert_array_equal(draw(network(1, seq_len=2), 5, 50), draw(network(1), 5, 50))


@pytest.mark.parametrize("kernel", ["reference", "auto"])
@pytest.mark.parametrize("top_k", [2**31, 2**32 + 1])
def test_top_k_may_be_any_number(kernel, top_k):
    backend, shape = open_backend("cpu"), Shape("gru", 9, 5, 1)
    network = Network(
        shape,
        initial_parameters(shape, backend, np.random.default_rng(0)),
        backend,
        build(backend, kernel).kernels,
        seq_len=2,
        batch_size=2,
    )
    drawn = [list(islice(sample(network, np.array([1, 2]), Filter(top_k=number), 5), 20)) for number in (0, top_k)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("kernel", ["reference", "numpy", "auto"])
@pytest.mark.parametrize("never", [0, 4, 8])
@pytest.mark.parametrize(
    "choose", [Filter(0), Filter(1), Filter(50), Filter(1e-9), Filter(2, top_k=9), Filter(9, 4, 0.9)]
)
def test_an_id_is_never_drawn(kernel, never, choose):
    backend, shape = open_backend("cpu"), Shape("lstm", 9, 5, 2)
    params = initial_parameters(shape, backend, np.random.default_rng(0))
    params["head.bias"][never] = 20  # the network believes in it firmly
    kernels = build(backend, kernel).kernels
    net = Network(shape, params, backend, kernels, seq_len=2, batch_size=3, never=never)
    drawn = list(islice(sample(net, np.array([never, 2]), choose, 5), 300))
    assert never not in np.array(drawn)
    assert params["head.bias"][never] == 20  # evaluation keeps what was learned
