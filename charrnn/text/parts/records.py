"""Where the records of an encoded text end: the lines of a list, or stretches that end with a separator.

A record ends after its separator. With a separator of several ids, occurrences that overlap or touch are one end, after
the last of them: an empty line ends a record, and so do three empty lines. A separator of one id ends a record wherever
it occurs, so that a list may have empty lines.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from charrnn.config import Config
from charrnn.text.parts.pages import release
from charrnn.text.vocabulary import Vocabulary

IDS_AT_ONCE = 1 << 18  # ids that are searched together
_NEARBY = 1 << 12  # ids to either side of a place that are searched first


class Records(NamedTuple):
    """Whole records, one after another: `ids` (N,), and for each record where it starts, its separator, and its end.

    starts, separators, stops: indices in `ids` (R,). A record is empty if it consists of separators only.
    """

    ids: np.ndarray
    starts: np.ndarray
    separators: np.ndarray
    stops: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """The number of ids in each record, with its separator (R,)."""
        lengths: np.ndarray = self.stops - self.starts
        return lengths

    @property
    def full(self) -> np.ndarray:
        """Whether each record has more than separators in it (R,)."""
        full: np.ndarray = self.separators > self.starts
        return full


def separator_of(config: Config, vocabulary: Vocabulary) -> np.ndarray:
    """The ids after which a record ends, those of a newline by default; empty if the text cannot contain them."""
    text = config.separator or "\n"
    if vocabulary.count_unseen(text):
        return np.empty(0, vocabulary.dtype)
    return vocabulary.encode(text)


def find_records(ids: np.ndarray, separator: np.ndarray) -> Records:
    """The records in `ids`, which end with a separator, and are searched at once."""
    separators, stops = _runs(ids, separator)
    return Records(ids, np.append(0, stops)[:-1], separators, stops)


def completed(ids: np.ndarray, separator: np.ndarray) -> np.ndarray:
    """`ids`, followed by what it lacks of a `separator` at its end."""
    sizes = range(min(len(separator), len(ids)), -1, -1)
    present = next(size for size in sizes if np.array_equal(ids[len(ids) - size :], separator[:size]))
    return np.concatenate([ids, separator[present:]]) if present < len(separator) else ids


def whole_records(ids: np.ndarray, separator: np.ndarray, at_once: int) -> Iterator[np.ndarray]:
    """Divide `ids` into arrays of whole records, of about `at_once` ids, or one longer record.

    The last record of `ids` gets what its separator lacks. The pages read are released after each array.
    """
    start = 0
    for ends in record_ends(ids, separator, at_once):
        if len(ends):
            yield ids[start : ends[-1]]
            start = int(ends[-1])
    if start < len(ids):
        yield completed(ids[start:], separator)


def record_ends(ids: np.ndarray, separator: np.ndarray, at_once: int = 0) -> Iterator[np.ndarray]:
    """The ends of all records that have a separator, an array for each `at_once` ids; the text may be of any size."""
    at_once = at_once or IDS_AT_ONCE
    for low in range(0, len(ids), at_once):
        yield _ends_between(ids, separator, low, min(low + at_once, len(ids)))
        release(ids)


def nearest_end(ids: np.ndarray, separator: np.ndarray, place: int, *, within: int | None = None) -> int | None:
    """The end of a record that is nearest to `place`; the beginning and the end of the text count as ends.

    None if `within` is given and no record ends within that many ids.
    """
    reach = min(_NEARBY, len(ids) if within is None else within)
    while True:
        low, high = max(place - reach, 0), min(place + reach, len(ids))
        found = _ends_between(ids, separator, low - 1, high)
        ends = np.concatenate([[0] * (low == 0), found, [high] * (high == len(ids))]).astype(np.int64)
        if len(ends):
            return int(ends[np.abs(ends - place).argmin()])
        if within is not None and reach >= within:
            return None
        reach = 4 * reach if within is None else min(4 * reach, within)


def _ends_between(ids: np.ndarray, separator: np.ndarray, low: int, high: int) -> np.ndarray:
    """The ends of records after `low`, up to and including `high`."""
    first = max(0, low - len(separator) + 1)
    stops = _runs(ids[first : high + len(separator)], separator)[1] + first
    return stops[np.searchsorted(stops, low, "right") : np.searchsorted(stops, high, "right")]


def _runs(ids: np.ndarray, separator: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The starts and stops of all runs of separators that overlap or touch; each occurrence of a single id is one."""
    size = len(separator)
    places = max(0, len(ids) - size + 1) if size else 0
    found = np.ones(places, bool)
    for offset, each in enumerate(separator):
        found &= ids[offset : offset + places] == each
    at = np.flatnonzero(found)
    if size == 1:
        return at, at + 1
    apart = np.diff(at) > size
    return at[np.append(True, apart)[: len(at)]], at[np.append(apart, True)[: len(at)]] + size
