"""Whether the order of lines carries something: neighbours are compared with the same lines shuffled."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

_LINES = 10_000  # the first ones are enough, and quick
_WINDOW = 50  # lines that are shuffled among each other: slow drift, such as sorting by length, is not an order
_SHUFFLES = 20
_LAGS = (1, 2, 3, 4)  # distances of neighbours: rhymes are up to 4 lines apart
_LEAST_Z = 6.0  # standard deviations between the lines and the shuffled ones
_SURROUNDINGS = 16  # pairs of neighbours around a line
_SORTED = 0.75  # share of them in the order of the alphabet that is hardly an accident
_FEWEST_LINES = 100  # outside the order of the alphabet; in fewer, no other order is found
_COMMON = 0.05  # share of lines that have a trigram that says nothing about neighbours
_BITS = 2048  # of the sets of trigrams, in which two trigrams may share a bit
_RISING, _FEWEST_STEPS = 0.85, 20  # share of steps in one direction that makes numbers a sequence
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NUMBERS = 3  # the first numbers of each line are compared


def rising_number(lines: Sequence[str]) -> bool:
    """Whether one of the first numbers in the lines rises, or falls, as dates, times and numbered moves do."""
    for values in _numbers(lines):
        steps = np.diff(values)
        up, down = np.count_nonzero(steps > 0), np.count_nonzero(steps < 0)
        if up + down >= _FEWEST_STEPS and max(up, down) >= _RISING * (up + down):
            return True
    return False


def not_alphabetical(lines: Sequence[str]) -> list[str]:
    """The lines without those whose surroundings are in the order of the alphabet, or in its reverse.

    Only letters count: rising coordinates are not in the order of the alphabet.
    """
    keys = [_letters(line) for line in lines]
    order = np.array([(one < other) - (one > other) for one, other in pairwise(keys)], float)
    around = np.ones(_SURROUNDINGS) / _SURROUNDINGS
    kept = np.ones(len(lines), bool)
    for direction in (1.0, -1.0):
        shares = np.convolve(np.pad(order == direction, _SURROUNDINGS // 2, mode="reflect"), around, mode="valid")
        kept &= shares[: len(lines)] < _SORTED
    return [line for line, keep in zip(lines, kept, strict=True) if keep]


def _letters(line: str) -> str:
    """What a line is sorted by: its letters, without marks and case."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKD", line.casefold())))


def resemblance(lines: Sequence[str], *, numbers: bool) -> float:
    """How much more neighbouring lines resemble each other than shuffled ones do: from 0 to 1.

    Each feature counts the pairs of neighbours that agree; the share by which they exceed those among shuffled lines is
    taken if it cannot be chance. Numbers in the lines count only with `numbers`.
    """
    if len(lines) < _FEWEST_LINES:
        return 0.0
    lines = lines[: min(_LINES, len(lines)) // _WINDOW * _WINDOW]
    if not numbers:
        lines = [_NUMBER.sub("", line) or line for line in lines]
    rng = np.random.default_rng(1)
    orders = [_locally_shuffled(len(lines), rng) for _ in range(_SHUFFLES)]
    features = [*_features(lines), *(map(_Close, _numbers(lines)) if numbers else ())]
    return max(_excess(feature, [np.arange(len(lines)), *orders], lag) for feature in features for lag in _LAGS)


def _locally_shuffled(count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices (count,) in an order that is random within each window; `count` is a multiple of the window."""
    return (rng.random((count // _WINDOW, _WINDOW)).argsort(axis=1) + np.arange(0, count, _WINDOW)[:, None]).ravel()


class _Equal:
    """Lines agree if their `values` are equal; None agrees with nothing."""

    def __init__(self, values: Sequence[str | None]) -> None:
        known: dict[str | None, int] = {}
        self._ids = np.array([-1 if value is None else known.setdefault(value, len(known)) for value in values])

    def agree(self, one: np.ndarray, other: np.ndarray) -> int:
        """The number of pairs of lines that agree, by their indices."""
        ids = self._ids[one]
        return int(np.count_nonzero((ids == self._ids[other]) & (ids >= 0)))


class _Close:
    """Lines agree if their `values` (lines,) are close, by the spread of those in the same window; NaN never agrees."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        windows = np.nan_to_num(values).reshape(-1, _WINDOW)
        spread = np.subtract(*np.quantile(windows, [0.75, 0.25], axis=1))
        self._near = np.repeat(spread / 5, _WINDOW)

    def agree(self, one: np.ndarray, other: np.ndarray) -> int:
        return int(np.count_nonzero(abs(self._values[one] - self._values[other]) <= self._near[one]))


class _Trigrams:
    """Lines agree if they share three characters in a row that are not in many other lines, too."""

    def __init__(self, lines: Sequence[str]) -> None:
        found = [{line[start : start + 3] for start in range(len(line) - 2)} for line in lines]
        counts = Counter(trigram for each in found for trigram in each)
        few = max(2, _COMMON * len(lines))
        bits = {trigram: index % _BITS for index, trigram in enumerate(counts) if 1 < counts[trigram] <= few}
        flags = np.zeros((len(lines), _BITS), bool)
        for row, trigrams in zip(flags, found, strict=True):
            row[[bits[trigram] for trigram in trigrams if trigram in bits]] = True
        self._sets = np.packbits(flags, axis=1).view(np.uint64)

    def agree(self, one: np.ndarray, other: np.ndarray) -> int:
        return int(np.count_nonzero((self._sets[one] & self._sets[other]).any(axis=1)))


_Feature = _Equal | _Close | _Trigrams


def _features(lines: Sequence[str]) -> Iterator[_Feature]:
    folded = [line.casefold() for line in lines]
    words = [line.split() for line in folded]
    yield from (_Equal([line[:length] for line in folded]) for length in (1, 2, 3))
    yield _Equal([_script(line[0]) for line in lines])
    yield _Equal([line[-1] for line in folded])
    yield _Equal([line[-3:] if len(line) > 3 else None for line in folded])  # a rhyme
    yield _Equal([each[0] if len(each) > 1 else None for each in words])
    yield _Equal([each[-1] if len(each) > 1 else None for each in words])
    yield _Equal([re.sub(r"\d+", "0", line) if re.search(r"\d", line) else None for line in folded])
    yield _Close(np.array([len(line) for line in lines], float))
    yield _Trigrams(folded)


def _script(character: str) -> str:
    """The script of a character, and its case, as in LATIN SMALL LETTER; or what else it is, such as a digit."""
    return " ".join(unicodedata.name(character, "").split()[:2])


def _numbers(lines: Sequence[str]) -> Iterator[np.ndarray]:
    """The first number of each line (lines,), then the second and so on, while half of the lines have one."""
    numbers = [_NUMBER.findall(line) for line in lines]
    for index in range(_NUMBERS):
        values = np.array([float(each[index]) if len(each) > index else np.nan for each in numbers])
        if np.isnan(values).mean() > 0.5:
            return
        yield values


def _excess(feature: _Feature, orders: Sequence[np.ndarray], lag: int) -> float:
    """The share of neighbours `lag` apart that agree in the first order, beyond that in the others; 0 if by chance."""
    found, *counts = [feature.agree(order[:-lag], order[lag:]) for order in orders]
    shuffled = np.array(counts)
    more = found - shuffled.mean()
    beyond_chance = more > _LEAST_Z * max(1.0, shuffled.std(ddof=1))
    return float(more / len(orders[0])) if beyond_chance else 0.0
