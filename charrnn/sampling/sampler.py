"""New text from a network, one id at a time; `generate` turns ids into characters."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from charrnn.cells.protocol import State
from charrnn.errors import ConfigError
from charrnn.network.network import Network

# Characters sampled at a time: few enough to stream, and enough to make the overhead of a block negligible.
BLOCK = 64


@dataclass(frozen=True)
class Filter:
    """How the next character is chosen.

    Temperature 0 takes the likeliest one; a top_k of 0 and a top_p of 1 keep all of them.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.temperature):
            raise ConfigError(f"temperature must be finite, not {self.temperature:g}")
        if self.temperature < 0:
            raise ConfigError(f"temperature must be at least 0, not {self.temperature:g}")
        if self.top_k < 0:
            raise ConfigError(f"top_k must be at least 0, not {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p must be above 0 and at most 1, not {self.top_p:g}")

    def choose(self, logits: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """An id for each row of logits (B, V); draws (B,) are uniform in [0, 1)."""
        if self.temperature == 0:
            return np.asarray(logits.argmax(axis=1))
        logits = logits.astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        weights = np.exp(logits / self.temperature)
        if self.top_k or self.top_p < 1:
            weights = self._keep_top(weights)
        cumulative = weights.cumsum(axis=1)
        ids = (cumulative <= draws[:, None] * cumulative[:, -1:]).sum(axis=1)
        chosen: np.ndarray = np.minimum(ids, logits.shape[1] - 1)  # a draw just below 1 can round up to 1
        return chosen

    def _keep_top(self, weights: np.ndarray) -> np.ndarray:
        """Zero all but the top_k largest, and of these all but the smallest set with top_p (Holtzman et al. 2020)."""
        order = np.argsort(-weights, axis=1, kind="stable")
        ranked = np.take_along_axis(weights, order, axis=1)
        if self.top_k:
            ranked[:, self.top_k :] = 0
        before = ranked.cumsum(axis=1) - ranked
        ranked[before >= self.top_p * ranked.sum(axis=1, keepdims=True)] = 0
        kept = np.empty_like(weights)
        np.put_along_axis(kept, order, ranked, axis=1)
        return kept


def sample(network: Network, prime: np.ndarray, choose: Filter, seed: int) -> Iterator[np.ndarray]:
    """Yield ids (B,) without end, one for each of the network's texts, which first read `prime` (at least one id).

    The cost of a character does not grow with the text. Each text has its own generator, so the first of a hundred
    texts is the same as a single one.
    """
    kernels, backend, texts = network.kernels, network.backend, network.batch_size
    choose = replace(choose, top_k=min(choose.top_k, network.shape.vocab_size))  # kernels store it in 32 bits
    states = network.initial_state()
    for start in range(0, len(prime), network.seq_len):
        inputs = np.repeat(prime[start : start + network.seq_len, None], texts, axis=1)
        logits, states = network.forward(backend.to_device(inputs), states)
    logits = logits[-texts:]
    compiled = kernels.sampler(network.shape.cell, network.params, network.shape.num_layers, texts)
    if compiled:
        logits, states = logits.copy(), [tuple(array.copy() for array in state) for state in states]
        for draws in _draws(seed, texts):
            yield from compiled.sample(
                logits, states, draws, temperature=choose.temperature, top_k=choose.top_k, top_p=choose.top_p
            )
    if kernels.chooses:
        yield from _sample_on_device(network, logits, states, choose, _draws(seed, texts))
    for draws in _draws(seed, texts):
        for draw in draws:
            ids = choose.choose(backend.to_host(logits), draw)
            yield ids
            logits, states = network.forward(backend.to_device(ids[None, :]), states)


def _sample_on_device(
    network: Network, logits: Any, states: list[State], choose: Filter, blocks: Iterator[np.ndarray]
) -> Iterator[np.ndarray]:
    """Yield ids that are chosen on the device and copied to the host a block at a time."""
    backend, wish = network.backend, asdict(choose)
    for block in blocks:
        draws, ids = backend.to_device(block), backend.xp.empty(block.shape, np.int32)
        for draw, row in zip(draws, ids, strict=True):
            network.kernels.choose(logits, draw, row, **wish)
            logits, states = network.forward(row[None, :], states)
        yield from backend.to_host(ids)


def _draws(seed: int, texts: int) -> Iterator[np.ndarray]:
    """Yield blocks (BLOCK, texts) of random numbers without end, uniform in [0, 1), from a generator for each text."""
    generators = [np.random.Generator(np.random.Philox(key=[seed, text])) for text in range(texts)]
    while True:
        yield np.stack([generator.random(BLOCK) for generator in generators], axis=1)
