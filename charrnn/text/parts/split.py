"""Holding out parts of a text from training, to measure what was learned rather than remembered."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np

from charrnn.config import LISTS, Config
from charrnn.text.parts.cuts import Cutter, blocks, streams, tails
from charrnn.text.parts.gathered import Gathered
from charrnn.text.parts.large_split import Scatterer
from charrnn.text.parts.list_split import split_list
from charrnn.text.parts.records import record_ends
from charrnn.text.parts.repeats import ONCE, Repeats

LARGE_LIST = 1 << 23  # ids; a smaller list is split in RAM


class Parts(NamedTuple):
    """The ids to learn from, to choose settings and checkpoints by, and to measure the final choice; see `split`."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


class Part(Protocol):
    """A part of a text, which is made as it is read."""

    @property
    def size(self) -> int:
        """The number of its ids, or more if copies in it will be left out."""

    def blocks(self) -> Iterator[np.ndarray]:
        """All ids, a block at a time."""


def split(
    ids: np.ndarray,
    config: Config,
    separator: np.ndarray,
    fractions: tuple[float, float],
    *,
    scratch: BinaryIO,
    repeats: Repeats = ONCE,
) -> Sequence[Part]:
    """Split `ids` as `config.split` says into a training part, a validation part and a test part.

    ids: (N,), possibly memory-mapped, of any size. separator: the ids that end a record. fractions: the shares of the
    validation part and the test part. repeats: how often the files of the training part are read. scratch: a temporary
    file for a list larger than RAM.

    Lists are cut only where a record ends; so are other texts if `config.separator` is set, with which they must end,
    unless streams are interleaved. If a part with a fraction above 0 would have fewer than two ids, nothing is held
    out, but lists are still shuffled.
    """
    as_list = config.split in LISTS and any(len(ends) for ends in record_ends(ids, separator))

    def parts(fractions: tuple[float, float]) -> Sequence[Part]:
        if as_list and len(ids) < LARGE_LIST:
            return split_list(ids, config, separator, fractions, repeats)
        if as_list:
            return Scatterer(ids, config, separator, fractions, repeats, scratch).parts()
        return _split_text(ids, config, separator, fractions, repeats)

    found = parts(fractions)
    enough = all(part.size > 1 for part, wanted in zip(found, (True, *fractions), strict=True) if wanted)
    return found if enough else parts((0.0, 0.0))


def _split_text(
    ids: np.ndarray, config: Config, separator: np.ndarray, fractions: tuple[float, float], repeats: Repeats
) -> Sequence[Part]:
    """Cut a text whose order matters; a list without any separator is a single record, which is learned."""
    if config.split in LISTS:
        fractions = (0.0, 0.0)
    cutter = Cutter(ids, separator, whole=bool(config.separator))
    if config.split == "interleaved" and any(fractions):
        train, *held_out = streams(len(ids), fractions, config.batch_size)
    elif config.split == "blocks" and any(fractions):
        train, *held_out = blocks(cutter, fractions)
    else:
        train, *held_out = tails(cutter, fractions)
    return [repeats.gather(ids, *train), *(Gathered(ids, part.starts, part.stops - part.starts) for part in held_out)]
