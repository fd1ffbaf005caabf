"""The whole network: gradients, chunks, dropout, and what it can learn."""

import math
from itertools import islice

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device.backend import open_backend
from charrnn.kernels.choice import build
from charrnn.network.network import Network
from charrnn.network.regularization import Regularization
from charrnn.network.shape import Shape, initial_parameters
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.streams.batches import Batches
from charrnn.text.vocabulary import Vocabulary
from charrnn.training import optim
from tests.support.layers import numeric_gradient

BACKEND = open_backend("cpu", np.float64)
KERNELS = build(BACKEND, "numpy").kernels


def make(shape, seq_len, batch_size, kernels=KERNELS, **options):
    params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
    options = {"training": True, **options}
    return Network(shape, params, BACKEND, kernels, seq_len=seq_len, batch_size=batch_size, **options)


@pytest.mark.parametrize(
    ("cell", "num_layers", "embedding_size", "dropout"),
    [(cell, 2, 0, 0.0) for cell in CELLS] + [("lstm", 1, 3, 0.0), ("gru", 3, 3, 0.4), ("tanh", 2, 0, 0.5)],
)
def test_gradients_of_all_weights(cell, num_layers, embedding_size, dropout):
    shape = Shape(cell, vocab_size=5, hidden_size=4, num_layers=num_layers, embedding_size=embedding_size)
    net = make(shape, 4, 3, regularization=Regularization(dropout=dropout, seed=7))
    rng = np.random.default_rng(1)
    ids, targets = rng.integers(0, 5, (4, 3)), rng.integers(0, 5, 12)
    states = [tuple(rng.normal(size=(3, 4)) * 0.5 for _ in state) for state in net.initial_state()]

    def objective():
        logits, _ = net.forward(ids, states, step=3)
        return net.kernels.cross_entropy(logits, targets).mean()

    logits, _ = net.forward(ids, states, step=3)
    net.kernels.cross_entropy_gradient(logits, targets)
    for name, gradient in net.backward(logits).items():
        expected = numeric_gradient(objective, net.params[name])
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_chunks_give_the_same_logits_as_the_whole(cell):
    shape = Shape(cell, 6, 5, 2)
    net = make(shape, 8, 2, training=False)
    ids = np.random.default_rng(0).integers(0, 6, (8, 2))
    whole = net.forward(ids, net.initial_state())[0].copy()
    states, pieces = net.initial_state(), []
    for start, stop in ((0, 1), (1, 5), (5, 8)):
        logits, states = net.forward(ids[start:stop], states)
        pieces.append(logits.copy())
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=1e-12)


REGULARIZED = {
    "dropout": 0.3,
    "dropout_input": 0.3,
    "dropout_output": 0.3,
    "dropout_weights": 0.3,
    "activation_penalty": 0.7,
    "temporal_penalty": 0.9,
}


@pytest.mark.parametrize("name", [*REGULARIZED, "all"])
@pytest.mark.parametrize("mask", ["step", "chunk"])
@pytest.mark.parametrize(
    ("cell", "embedding_size"),
    [
        ("lstm", 0),
        ("gru-before", 3),
        ("gru", 0),
        ("tanh", 0),
        ("relu", 0),
    ],
)
def test_gradients_with_regularization(cell, embedding_size, mask, name):
    shares = REGULARIZED if name == "all" else {name: REGULARIZED[name]}
    wanted = Regularization(**shares, dropout_mask=mask, seed=3)
    net = make(Shape(cell, 5, 4, 2, embedding_size), 4, 3, regularization=wanted)
    rng = np.random.default_rng(1)
    ids, targets = rng.integers(0, 5, (4, 3)), rng.integers(0, 5, 12)

    def objective():
        logits, _ = net.forward(ids, net.initial_state(), step=3)
        loss = net.kernels.cross_entropy(logits.copy(), targets).mean()
        h, dropped = net._outputs[-1], net._below[-1]
        size = (dropped**2).sum() / h.size
        change = (np.diff(h, axis=0) ** 2).sum() / h.size
        return loss + wanted.activation_penalty * size + wanted.temporal_penalty * change

    logits, _ = net.forward(ids, net.initial_state(), step=3)
    net.kernels.cross_entropy_gradient(logits, targets)
    found = {name: gradient.copy() for name, gradient in net.backward(logits).items()}
    for name, gradient in found.items():
        expected = numeric_gradient(objective, net.params[name])
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("name", [name for name in REGULARIZED if name.startswith("dropout")])
def test_dropout_drops_its_share_and_keeps_the_expected_value(name):
    wanted = Regularization(**{name: 0.25}, seed=3)
    net = make(Shape("tanh", 300, 40, 2), 20, 10, regularization=wanted)
    net.forward(np.zeros((20, 10), int), net.initial_state(), step=1)
    dropouts = [*net._dropouts, *net._weight_dropouts, net._hidden_symbols]
    masks = [dropout.mask for dropout in dropouts if dropout]
    assert len(masks) == (2 if name == "dropout_weights" else 1)
    for mask in masks:
        assert set(np.unique(mask)) == {0, 1 / 0.75}
        assert abs((mask == 0).mean() - 0.25) < 0.05 and abs(mask.mean() - 1) < 0.06


def test_one_mask_serves_a_chunk_if_asked():
    net = make(Shape("tanh", 5, 40, 2), 6, 3, regularization=Regularization(dropout=0.5, dropout_mask="chunk", seed=3))
    net.forward(np.zeros((6, 3), int), net.initial_state(), step=1)
    dropped = net._below[0] == 0
    assert (dropped == dropped[0]).all() and not (dropped[0] == dropped[0, 0]).all()


def test_dropout_depends_on_the_step_alone():
    net = make(Shape("lstm", 6, 5, 2), 4, 2, regularization=Regularization(dropout=0.5, seed=1))
    ids = np.random.default_rng(0).integers(0, 6, (4, 2))
    logits = [net.forward(ids, net.initial_state(), step)[0].copy() for step in (3, 4, 3)]
    np.testing.assert_array_equal(logits[0], logits[2])
    assert not np.allclose(logits[0], logits[1])


def test_a_uniform_model_scores_the_logarithm_of_the_vocabulary():
    net = make(Shape("gru", 11, 5, 1), 4, 2)
    net.params.buffer[...] = 0
    logits, _ = net.forward(np.zeros((4, 2), int), net.initial_state())
    np.testing.assert_allclose(net.kernels.cross_entropy(logits, np.arange(8)), math.log(11))


@pytest.mark.parametrize("cell", CELLS)
def test_one_batch_is_overfitted(cell):
    net = make(Shape(cell, 8, 24, 1), 10, 4)
    optimizer = optim.build(Config(), net.kernels, net.params)
    chunk = np.random.default_rng(0).integers(0, 8, (11, 4))
    for step in range(1, 301):
        logits, _ = net.forward(chunk[:-1], net.initial_state())
        loss = net.kernels.cross_entropy_gradient(logits, chunk[1:].reshape(-1))
        grads = net.backward(logits)
        optim.clip(net.kernels, grads, 1.0, "norm")
        optimizer.update(grads, 0.01, step)
    assert loss < 0.05


class TestHello:
    """The textbook example: inputs h e l l, targets e l l o."""

    vocabulary = Vocabulary("helo")
    ids = vocabulary.encode("hello")

    def train(self, steps):
        net = make(Shape("tanh", 4, 100, 1), 4, 1)
        batches = Batches(self.ids, batch_size=1, seq_len=4)
        optimizer = optim.build(Config(optimizer="sgd"), net.kernels, net.params)
        for step in range(1, steps + 1):
            chunk = batches.chunk(step - 1)
            assert self.vocabulary.decode(chunk.inputs[:, 0]) == "hell"
            assert self.vocabulary.decode(chunk.targets[:, 0]) == "ello"
            logits, _ = net.forward(chunk.inputs, net.initial_state())
            net.kernels.cross_entropy_gradient(logits, chunk.targets.reshape(-1))
            optimizer.update(net.backward(logits), 0.1, step)
        return net

    def scores(self, net):
        """The logit of each correct next letter."""
        logits, _ = net.forward(self.ids[:-1, None], net.initial_state())
        return logits[np.arange(4), self.ids[1:]].copy()

    def test_one_update_raises_every_right_score(self):
        assert (self.scores(self.train(1)) > self.scores(self.train(0))).all()

    def test_greedy_sampling_says_ello_and_so_tells_the_two_ls_apart(self):
        net = self.train(200)
        drawn = sample(
            Network(net.shape, net.params, BACKEND, KERNELS, seq_len=1, batch_size=1),
            self.ids[:1],
            Filter(temperature=0),
            seed=0,
        )
        assert self.vocabulary.decode(np.array([ids[0] for ids in islice(drawn, 4)])) == "ello"
