"""What a model reads before a text that it draws, so that it begins as a record, or a line, of the text begins."""

from collections.abc import Callable
from itertools import islice

import numpy as np

from charrnn.config import Config
from charrnn.network.network import Network
from charrnn.sampling.sampler import Filter, sample
from charrnn.text.about.known_records import before_text
from charrnn.text.vocabulary import Vocabulary

LONGEST = 1000  # characters of the record before the first one


def opening(
    config: Config, vocabulary: Vocabulary, open_network: Callable[[int], Network], *, seed: int, length: int = LONGEST
) -> np.ndarray:
    """The ids to read before a text; `open_network` makes a network for one text that reads up to N ids at once.

    A model of records has hardly seen a separator without anything before it, and would often begin in the middle of a
    record. So it first draws a record of its own, of at most `length` characters, and reads on from the end of that.
    """
    end = before_text(config, vocabulary)
    if not config.separator:
        return end
    ids = end.tolist()
    for (id,) in islice(sample(open_network(len(end)), end, Filter(), seed), length):
        ids.append(int(id))
        if ids[-len(end) :] == end.tolist() and len(ids) > 2 * len(end):
            return np.array(ids, vocabulary.dtype)
    return np.concatenate([np.array(ids, vocabulary.dtype), end])
