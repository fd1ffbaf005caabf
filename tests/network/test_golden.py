"""Networks compared with what PyTorch computed once (golden/generate.py)."""

from pathlib import Path

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import open_backend
from charrnn.kernels.choice import build
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.training import optim

GOLDEN = np.load(Path(__file__).parent / "golden" / "torch.npz")
VOCAB, HIDDEN = 7, 5
RATE, CLIP = 0.02, 0.5  # as in generate.py
BACKEND = open_backend("cpu", np.float64)


def golden(cell, layers):
    """The arrays of one network by their short names."""
    prefix = f"{cell}.{layers}."
    return {name.removeprefix(prefix): GOLDEN[name] for name in GOLDEN.files if name.startswith(prefix)}


def network(cell, layers, found, kernel):
    shape = Shape(cell, VOCAB, HIDDEN, layers)
    params = Flat(np, shape.parameters, np.float64, {name: found[f"weight:{name}"] for name in shape.parameters})
    _, seq_len, batch_size = GOLDEN["ids"].shape
    kernels = build(BACKEND, kernel).kernels
    return Network(shape, params, BACKEND, kernels, seq_len=seq_len - 1, batch_size=batch_size, training=True)


def start(found, layers):
    count = sum(name.startswith("state:") for name in found)
    return [tuple(found[f"state:{k}"][layer] for k in range(count)) for layer in range(layers)]


@pytest.mark.parametrize("kernel", ["reference", "numpy"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", ["tanh", "relu", "lstm", "gru"])
class TestTorch:
    def test_logits_and_gradients(self, cell, layers, kernel):
        found = golden(cell, layers)
        net, chunk = network(cell, layers, found, kernel), GOLDEN["ids"][0]
        logits, _ = net.forward(chunk[:-1], start(found, layers))
        np.testing.assert_allclose(logits, found["logits"], rtol=1e-10, atol=1e-12)
        loss = net.kernels.cross_entropy_gradient(logits, chunk[1:].reshape(-1))
        np.testing.assert_allclose(loss, found["loss"], rtol=1e-12)
        for name, gradient in net.backward(logits).items():
            np.testing.assert_allclose(gradient, found[f"grad:{name}"], rtol=1e-9, atol=1e-12, err_msg=name)

    def test_ten_losses(self, cell, layers, kernel):
        found = golden(cell, layers)
        net = network(cell, layers, found, kernel)
        optimizer = optim.build(Config(optimizer="adam"), net.kernels, net.params)
        states, losses = start(found, layers), []
        for step, chunk in enumerate(GOLDEN["ids"], start=1):
            logits, states = net.forward(chunk[:-1], states)
            losses.append(net.kernels.cross_entropy_gradient(logits, chunk[1:].reshape(-1)))
            grads = net.backward(logits)
            optim.clip(net.kernels, grads, CLIP, "norm")
            optimizer.update(grads, RATE, step)
        np.testing.assert_allclose(losses, found["losses"], rtol=1e-7)
