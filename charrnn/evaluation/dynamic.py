"""Dynamic evaluation: the model keeps learning while it reads, so that it gets used to the text at hand.

Every chunk is scored before anything is learned from it, so the score is honest; but it measures model and learning
together, and is never to be compared with that of a model that stays as it is.

After Krause, Kahembwe, Murray and Renals 2018, who divide by mean squared gradients that they gather in a pass over the
training text, with the weights at rest and no dropout, and who also scale the pull back to those weights. Here they are
the ones that training kept for its updates, which costs no pass, and the pull is the same for all weights. So a rate
does not mean quite what theirs does, nor quite the same after adam and after rmsprop.
"""

from typing import NamedTuple

import numpy as np

from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.evaluation.score import Progress, Score
from charrnn.kernels.reference import ReferenceKernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.text.batches import Streams

EPSILON = 1e-5  # added to the root: characters that training never saw have no gradients, and would take huge steps
SEQ_LEN = 20  # characters between updates: fewer follow the text more closely, and cost more


class Learning(NamedTuple):
    """How fast the weights follow the text, and how strongly they are drawn back to where they were."""

    rate: float
    decay: float


def dynamic_score(
    shape: Shape,
    params: Flat,
    square_mean: Flat,
    backend: Backend,
    kernels: ReferenceKernels,
    ids: np.ndarray,
    learning: Learning,
    progress: Progress | None = None,
) -> Score:
    """The loss on ids[1:], read as one stream from zero state, by weights that learn on the way; `params` stay.

    Each weight's step is divided by the root of `square_mean`, its mean squared gradient as the optimizer had it.
    """
    start, params = params, params.copy(backend.xp)
    network = Network(shape, params, backend, kernels, seq_len=SEQ_LEN, batch_size=1, training=True)
    scale = learning.rate / (backend.xp.sqrt(square_mean.buffer) + EPSILON)
    streams, states, nats = Streams(ids, 1), network.initial_state(), 0.0
    for begin in range(0, streams.length, SEQ_LEN):
        inputs, targets, count = streams.read(begin, min(begin + SEQ_LEN, streams.length))
        logits, states = network.forward(backend.to_device(inputs), states)
        loss = kernels.cross_entropy_gradient(logits, backend.to_device(targets.reshape(-1)))
        nats += float(loss) * count
        step = network.backward(logits).buffer
        step *= scale
        params.buffer -= step
        params.buffer += learning.decay * (start.buffer - params.buffer)
        if progress:
            progress(min(begin + SEQ_LEN, streams.length), streams.length)
    return Score(nats / (len(ids) - 1), len(ids) - 1)
