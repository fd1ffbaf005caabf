"""Where a text whose order matters is cut into parts."""

from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from charrnn.text.parts.records import nearest_end

_STRETCHES = 20  # the fewest that `blocks` holds out for each part
_LONGEST = 10_000  # ids of a stretch: the default of --eval-chars reads twenty of them
_GOLDEN = (5**0.5 - 1) / 2  # its multiples, without their whole parts, spread evenly over the numbers from 0 to 1
_NEAR = 1 << 12  # ids to either side of a cut in which a line end is looked for; fewer in a short text


class Stretches(NamedTuple):
    """Stretches of a text that make up a part: the indices of their starts and stops, both (S,)."""

    starts: np.ndarray
    stops: np.ndarray


class Cutter:
    """Finds good places for cuts of `ids` (N,).

    With `whole`, these are the ends of records, which are never torn. Otherwise they are line ends near by, if
    `separator` is a newline and there are any.
    """

    def __init__(self, ids: np.ndarray, separator: np.ndarray, *, whole: bool) -> None:
        self.length = len(ids)
        self.whole = whole
        self._ids = ids
        self._separator = separator

    def near(self, place: float) -> int:
        """The index for a cut near `place`."""
        index = min(max(round(place), 0), self.length)
        within = None if self.whole else min(_NEAR, self.length // (4 * _STRETCHES))
        found = nearest_end(self._ids, self._separator, index, within=within) if len(self._separator) else None
        return index if found is None else found


def tails(cutter: Cutter, fractions: tuple[float, float]) -> list[Stretches]:
    """Hold out the end of a text: the last stretch is the test part, the one before it the validation part."""
    length = cutter.length
    val, test = (round(length * fraction) for fraction in fractions)
    cuts = [length - val - test, length - test]
    if cutter.whole:
        cuts = [cutter.near(cut) for cut in cuts]
    return [Stretches(np.array([start]), np.array([stop])) for start, stop in pairwise([0, *cuts, length])]


def streams(length: int, fractions: tuple[float, float], batch_size: int) -> list[Stretches]:
    """Hold out the end of each of `batch_size` equal streams and drop the remainder, as char-rnn does.

    The training part is the heads of the streams in order, so that cutting it into `batch_size` streams gives these
    heads again.
    """
    size = length // batch_size
    val, test = (round(size * fraction) for fraction in fractions)
    firsts = np.arange(batch_size) * size
    return [
        Stretches(firsts + start, firsts + stop) for start, stop in pairwise([0, size - val - test, size - test, size])
    ]


def blocks(cutter: Cutter, fractions: tuple[float, float]) -> list[Stretches]:
    """Hold out stretches for each part, at equal distances all over the text: twenty, or more of a large text.

    Each stretch makes up for what those before it lack or have too much, so that a part has its share to half a record
    or line; where these are long, some stretches are empty. The stretches are held out in an order in which the first
    of them come from all over the text too, because an evaluation reads only the beginning of a large part.
    """
    count = max(_STRETCHES, round(cutter.length * max(fractions) / _LONGEST))
    period = cutter.length / count
    sizes = [fraction * period for fraction in fractions]
    gap = (period - sum(sizes)) / 2  # half of what is learned of a period
    offsets = [gap / 2, 1.5 * gap + sizes[0]] if all(sizes) else [gap, gap]
    held_out = np.zeros((2, count, 2), np.int64)  # starts and stops, by part
    sums, end = [0, 0], 0
    for number, part in product(range(count), range(2)):
        wanted = (number + 1) * sizes[part] - sums[part]
        if wanted > 0:
            start = max(end, cutter.near(number * period + offsets[part]))
            end = max(start, cutter.near(start + wanted))
            sums[part] += end - start
            held_out[part, number] = start, end
    borders = np.sort(held_out[held_out[..., 1] > held_out[..., 0]], axis=0)
    learned = np.column_stack([np.append(0, borders[:, 1]), np.append(borders[:, 0], cutter.length)])
    spread = np.argsort(np.argsort(np.arange(count) * _GOLDEN % 1))
    return [_stretches(part) for part in (learned, *held_out[:, spread])]


def _stretches(borders: np.ndarray) -> Stretches:
    """The stretches between `borders` (S, 2) that are not empty."""
    starts, stops = borders[borders[:, 1] > borders[:, 0]].T
    return Stretches(starts, stops)
