"""Dynamic evaluation: the model keeps learning while it reads, and so adapts to the text.

Every chunk is scored before the model learns from it, so the score is honest; but it measures the model and its
learning together, and must not be compared with the score of a model that does not change.

Source: Krause, Kahembwe, Murray and Renals 2018. They divide by mean squared gradients from a pass over the training
text, with fixed weights and no dropout, and also scale the pull back to those weights by them. Here the mean squared
gradients are those that the optimizer kept, which saves the pass, and the pull is the same for all weights. Rates are
therefore not quite comparable with theirs, nor between adam and rmsprop.
"""

from typing import NamedTuple

import numpy as np

from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.evaluation.score import Score
from charrnn.hints import OnProgress
from charrnn.kernels.protocol import Kernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.text.streams.batches import Streams

EPSILON = 1e-5  # added to the root: without it, characters that training never saw would take huge steps
SEQ_LEN = 20  # characters between updates: fewer adapt more closely, and cost more


class Learning(NamedTuple):
    """How fast the weights adapt, and how strongly they are pulled back to where they were."""

    rate: float
    decay: float


def dynamic_score(
    shape: Shape,
    params: Flat,
    square_mean: Flat,
    backend: Backend,
    kernels: Kernels,
    ids: np.ndarray,
    learning: Learning,
    progress: OnProgress | None = None,
) -> Score:
    """The loss on ids[1:], read as one stream from zero state, while a copy of `params` learns.

    Each weight's step is divided by the root of `square_mean`, its mean squared gradient according to the optimizer.
    """
    start, params = params, params.copy(backend.xp)
    network = Network(shape, params, backend, kernels, seq_len=SEQ_LEN, batch_size=1, training=True)
    scale = learning.rate / (backend.xp.sqrt(square_mean.buffer) + EPSILON)
    streams, states, nats = Streams(ids, 1), network.initial_state(), 0.0
    for begin in range(0, streams.length, SEQ_LEN):
        chunk = streams.read(begin, min(begin + SEQ_LEN, streams.length))
        logits, states = network.forward(backend.to_device(chunk.inputs), states)
        loss = kernels.cross_entropy_gradient(logits, backend.to_device(chunk.targets.reshape(-1)))
        nats += float(loss) * chunk.pairs
        step = network.backward(logits).buffer
        step *= scale
        params.buffer -= step
        params.buffer += learning.decay * (start.buffer - params.buffer)
        if progress:
            progress(min(begin + SEQ_LEN, streams.length), streams.length)
    return Score(nats / (len(ids) - 1), len(ids) - 1)
