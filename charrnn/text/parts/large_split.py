"""Splitting a list of any size: its records are scattered over buckets on the disk, each of which fits into RAM.

The hash of a record, or without `unique` a random number, says which part it belongs to, so that the parts have their
shares on average. Training records are scattered at random, and each bucket is shuffled when it is read: together this
shuffles the whole part. Equal records that are held out meet in one bucket, where all but one are left out.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import numpy as np

from charrnn.config import Config
from charrnn.text.parts.buckets import Buckets
from charrnn.text.parts.gathered import Gathered
from charrnn.text.parts.hashes import hash_records, mixed
from charrnn.text.parts.records import Records, find_records, whole_records
from charrnn.text.parts.repeats import Repeats

BLOCK_IDS = 1 << 21  # ids whose records are scattered together
BUCKET_IDS = 1 << 22  # ids of a bucket, on average

_TRAIN = 2  # the validation part and the test part come first, so that they do not depend on weights


class Scattered:
    """A part of a list: the buckets from `first` to before `last`, each shuffled; `unique` leaves copies out."""

    def __init__(
        self, buckets: Buckets, first: int, last: int, separator: np.ndarray, seed: int, *, unique: bool
    ) -> None:
        self._buckets = buckets
        self._first = first
        self._last = last
        self._separator = separator
        self._seed = seed
        self._unique = unique

    @property
    def size(self) -> int:
        """The number of ids, copies included."""
        return self._buckets.size(self._first, self._last)

    def blocks(self) -> Iterator[np.ndarray]:
        """All ids, a block at a time."""
        for bucket in range(self._first, self._last):
            yield from self._shuffled(bucket).blocks()

    def _shuffled(self, bucket: int) -> Gathered:
        """The records of a bucket in a random order."""
        records = find_records(self._buckets.read(bucket), self._separator)
        kept = _different(hash_records(records)) if self._unique else np.arange(len(records.starts))
        order = np.random.default_rng([self._seed, bucket]).permutation(kept)
        return Gathered(records.ids, records.starts[order], records.lengths[order])


class Scatterer:
    """Scatters the records of a list over buckets, as the module says; the buckets of each part follow each other."""

    def __init__(
        self,
        ids: np.ndarray,
        config: Config,
        separator: np.ndarray,
        fractions: tuple[float, float],
        repeats: Repeats,
        scratch: BinaryIO,
    ) -> None:
        self._ids = ids
        self._limits = np.cumsum(fractions)
        self._seed = config.seed
        self._separator = separator
        self._repeats = repeats
        self._unique = config.split == "unique-lines"
        self._cuts, self._orders = np.random.default_rng(config.seed).spawn(2)
        sizes = (*(len(ids) * fraction for fraction in fractions), max(len(ids), repeats.length))
        self._counts = np.array([1 + int(size / BUCKET_IDS) for size in sizes])
        self._firsts = np.cumsum([0, *self._counts])
        self._buckets = Buckets(scratch, int(self._firsts[-1]), ids.dtype)

    def parts(self) -> list[Scattered]:
        """The training part, the validation part and the test part."""
        start = 0
        for ids in whole_records(self._ids, self._separator, BLOCK_IDS):
            self._scatter(find_records(ids, self._separator), start)
            start += len(ids)
        val, test, train = (
            Scattered(self._buckets, first, last, self._separator, self._seed, unique=self._unique and part != _TRAIN)
            for part, (first, last) in enumerate(pairwise(self._firsts.tolist()))
        )
        return [train, val, test]

    def _scatter(self, records: Records, start: int) -> None:
        """Scatter records, the first of which begins at `start` in the text."""
        if self._unique:
            keys = hash_records(records, self._seed)
        else:
            keys = self._cuts.integers(2**64, size=len(records.starts), dtype=np.uint64)
        part = np.searchsorted(self._limits, keys / 2.0**64, "right")  # the range of keys is divided as the text is
        part[~records.full] = _TRAIN
        learned = np.flatnonzero(part == _TRAIN)
        learned = np.repeat(learned, self._repeats.of(start + records.starts[learned]))
        held_out = np.flatnonzero(part != _TRAIN)
        if self._unique:  # so that a frequent record cannot fill a bucket
            held_out = held_out[_different(keys[held_out])]
        which = part[held_out]
        buckets = self._firsts[which] + (mixed(keys[held_out]) % self._counts[which].astype(np.uint64)).astype(np.int64)
        drawn = self._firsts[_TRAIN] + self._orders.integers(self._counts[_TRAIN], size=len(learned))
        self._buckets.add(records, np.concatenate([learned, held_out]), np.concatenate([drawn, buckets]))


def _different(keys: np.ndarray) -> np.ndarray:
    """The index of the first of each different key."""
    return np.unique(keys, return_index=True)[1]
