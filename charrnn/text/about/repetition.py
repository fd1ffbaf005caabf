"""How much of the held-out part of a text is also in the training part, word for word.

Stretches of 50 characters are compared by their hashes. In a large text, only stretches are looked at that begin with
certain characters: those whose own hash is small, so that the same stretch is looked at wherever it stands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from charrnn.config import LISTS, Config
from charrnn.text.tokens import Tokens

STRETCH = 50  # characters: a sentence that two authors would not write alike
_MUCH = 0.15  # licenses in front of source files and the usual phrases of a manual stay below it
_CHANGES = 20  # a stretch with fewer places where the next character is another one is a rule, or blank
_FEWEST = 200  # stretches, below which a share says little
_MOST = 1 << 18  # stretches of the whole text to look at, about
_IDS_AT_ONCE = 1 << 20
_MIX = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = np.random.default_rng(50).integers(2**64, size=STRETCH, dtype=np.uint64) | np.uint64(1)


@dataclass(frozen=True)
class Repetition:
    """The share of the held-out stretches that are also in the training part; `exact` if all were looked at."""

    share: float
    exact: bool

    @property
    def much(self) -> bool:
        """Whether the validation loss says little about text that is new."""
        return self.share >= _MUCH


def repetition_of(tokens: Tokens, config: Config) -> Repetition | None:
    """How much of the validation part is also in the training part; None if that cannot be, or too little is held out.

    What is held out of a list occurs nowhere else in it; a file of its own may.
    """
    if config.split in LISTS and not config.val:
        return None
    return repetition(tokens.train, tokens.val, tokens.release)


def repetition(
    train: np.ndarray, held_out: np.ndarray, release: Callable[[], None] = lambda: None
) -> Repetition | None:
    """How much of the ids `held_out` (M,) is also in `train` (N,), or None if that is too short.

    Blank stretches and rules, such as ----, do not count. `release` is called now and then, to let go of what has been
    read.
    """
    bits = max(0, int(np.ceil(np.log2(max(1, len(train) + len(held_out)) / _MOST))))
    wanted = np.concatenate([np.empty(0, np.uint64), *_hashes(held_out, bits, release)])
    if len(wanted) < _FEWEST:
        return None
    different, numbers = np.unique(wanted, return_counts=True)
    found = np.zeros(len(different), bool)
    for hashes in _hashes(train, bits, release):
        places = np.searchsorted(different[:-1], hashes)  # without the last, so that every place is an index
        found[places[different[places] == hashes]] = True
    return Repetition(float(numbers[found].sum() / len(wanted)), exact=not bits)


def notice(found: Repetition, config: Config) -> str:
    """A line about a held-out part that is much like the training part."""
    share = f"{'' if found.exact else 'about '}{100 * found.share:.0f}%"
    what = f"--val {config.val}" if config.val else "the held-out text"
    return (
        f"{share} of {what} is also in the training text, word for word ({STRETCH} characters at a time): the "
        "validation loss says little about new text; if it repeats because files are copies, leave them out"
    )


def _hashes(ids: np.ndarray, bits: int, release: Callable[[], None]) -> Iterator[np.ndarray]:
    """The hashes of the stretches to look at."""
    for start in range(0, len(ids) - STRETCH + 1, _IDS_AT_ONCE):
        block = ids[start : start + _IDS_AT_ONCE + STRETCH - 1]
        begins = _begins(block, bits)
        begins = begins[begins <= len(block) - STRETCH]
        changes = np.cumsum(block[1:] != block[:-1])
        begins = begins[changes[begins + STRETCH - 2] - changes[begins] >= _CHANGES]
        hashes = np.zeros(len(begins), np.uint64)
        for place, factor in enumerate(_FACTORS):
            hashes += factor * (block[begins + place].astype(np.uint64) + np.uint64(1))
        yield hashes
        release()


def _begins(ids: np.ndarray, bits: int) -> np.ndarray:
    """Where stretches begin that are looked at: one in 2**bits, by the hash of the first 8 bytes of their ids."""
    if not bits:
        return np.arange(len(ids))
    shift, together = np.uint64(64 - bits), 8 // ids.itemsize
    found = []
    for first in range(min(together, len(ids))):
        shifted = ids[first : first + (len(ids) - first) // together * together]
        words = np.frombuffer(shifted.tobytes(), np.uint64)
        found.append(np.flatnonzero(words * _MIX >> shift == 0) * together + first)
    return np.concatenate(found)
