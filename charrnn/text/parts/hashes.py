"""64-bit hashes of records: equal records have equal hashes, and two different ones about once in 10^19 pairs."""

import numpy as np

from charrnn.text.parts.records import Records

_IDS_AT_ONCE = 1 << 16  # ids that are hashed together: few enough for a processor's cache
_ODD = np.uint64(0x9E3779B97F4A7C15)


def hash_records(records: Records, seed: int = 0) -> np.ndarray:
    """The hash of each record without its separators (R,); that of an empty record is 0.

    It is the sum of the hashes of an id and its place in the record, mixed, so that similar records have hashes that
    are independent of each other.
    """
    hashes = np.zeros(len(records.starts), np.uint64)
    salt = mixed(np.array([seed], np.uint64))
    for low in range(0, len(records.ids), _IDS_AT_ONCE):
        high = min(low + _IDS_AT_ONCE, len(records.ids))
        first, last = np.searchsorted(records.stops, low, "right"), np.searchsorted(records.starts, high)
        starts = np.clip(records.starts[first:last], low, high) - low
        ends = np.clip(records.separators[first:last], low, high) - low
        places = np.arange(low, high) - np.repeat(records.starts[first:last], np.diff(starts, append=high - low))
        values = mixed((records.ids[low:high] + salt) * _ODD + places.astype(np.uint64))
        sums = np.add.reduceat(np.append(values, np.uint64(0)), np.column_stack([starts, ends]).ravel())[::2]
        hashes[first:last] += np.where(ends > starts, sums, np.uint64(0))
    return mixed(hashes)


def mixed(values: np.ndarray) -> np.ndarray:
    """Mix the bits of 64-bit integers, so that each bit of a result depends on all bits of the value (splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
