"""Whether the held-out part of a text is like the rest: a simple model of the rest predicts it as well as other parts.

The model mixes the frequencies of bytes after the 0, 1 ... 5 bytes before them, and is not trained: counting takes a
fraction of a second. It sees an excerpt of the text.
"""

import codecs
from dataclasses import dataclass

import numpy as np

from charrnn.config import Config
from charrnn.text.files.excerpt import excerpt
from charrnn.text.files.source import Source

FEWEST = 20_000  # bytes: in shorter texts, any end is unlike the rest
_MOST = 1 << 19  # bytes of the excerpt
_PIECES = 100  # of the excerpt, of which at least _PIECES_HELD_OUT are held out
_PIECES_HELD_OUT = 10
_MOST_PIECES = 1000
_MOST_FOLDS = 10

# The held-out part is unlike the rest if the model needs this many times the bits that it needs for blocks from all
# over the text, and this many times the bits that it needs for this part once it knows some of it. The first alone
# would also find an end that is hard to predict in itself, the second a text that repeats what has just been said. They
# lie between authors, languages, code and prose one after the other, and plays, kernel sources and manuals in their
# order. The difference in bits per byte is larger than that of a log whose dates go on.
_UNLIKE_BLOCKS = 1.25
_UNLIKE_ITSELF = 1.15
_FEWEST_BITS = 0.3

_ORDERS = 6
_STRENGTH = np.float32(4)  # counts that a prediction with one byte less of context is worth
_TABLE_BITS = 20
_MIX, _OTHER_MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF, _SHIFT = np.uint64(32), np.uint64(64 - _TABLE_BITS)


@dataclass(frozen=True)
class Likeness:
    """Bits per byte that a simple model needs for pieces of a text: medians, which single odd pieces do not change.

    held_out: for pieces of the held-out part, by a model of the rest. blocks: for pieces from all over the text, by
    a model of the others. itself: for pieces of the held-out part, by a model that knows others of it, too.
    """

    held_out: float
    blocks: float
    itself: float

    @property
    def unlike(self) -> bool:
        """Whether the held-out part is unlike the rest."""
        least = (self.blocks + _FEWEST_BITS, _UNLIKE_BLOCKS * self.blocks, _UNLIKE_ITSELF * self.itself)
        return self.held_out > max(least)


def likeness_of(source: Source, config: Config) -> Likeness | None:
    """How like the rest the part is that `config` holds out; None if that is not its end or a file, or it is short.

    Raises:
        CorpusError: the text cannot be read.
    """
    if source.val:
        text = excerpt(source.files, _MOST)
        return likeness(text, excerpt(source.val, max(FEWEST, len(text) // (_MOST_FOLDS - 1))))
    share = config.val_fraction + (0 if source.test else config.test_fraction)
    if config.split != "contiguous" or not share:
        return None
    text = excerpt(source.files, _MOST)
    characters = np.cumsum(_begins_character(text, config))
    start = int(np.searchsorted(characters, characters[-1] * (1 - share))) if len(text) else 0
    return likeness(text[:start], text[start:])


def likeness(rest: np.ndarray, held_out: np.ndarray) -> Likeness | None:
    """How like `rest` the part `held_out` is, both bytes (N,); None if they are too short to tell."""
    size = len(rest) + len(held_out)
    share = len(held_out) / max(1, size)
    pieces = int(max(_PIECES, _PIECES_HELD_OUT / share)) if share else _MOST_PIECES + 1
    if size < FEWEST or pieces > _MOST_PIECES or not len(rest):
        return None
    piece = np.arange(size) * pieces // size
    fold = piece % min(_MOST_FOLDS, max(2, round(1 / share)))
    by_rest, by_others = _bits(np.concatenate([rest, held_out]), len(rest), fold)
    first = piece[len(rest) - 1] + 1  # pieces from here on are held out as a whole
    counts = np.bincount(piece)
    others = np.bincount(piece, by_others) / counts
    whole = np.bincount(piece[len(rest) :], by_rest, minlength=pieces)[first:] / counts[first:]
    return Likeness(float(np.median(whole)), float(np.median(others)), float(np.median(others[first:])))


def _begins_character(text: np.ndarray, config: Config) -> np.ndarray:
    """Whether each byte begins a character (N,), of which a share is held out; in UTF-8 they have 1 to 4 bytes."""
    is_utf8 = not config.bytes and codecs.lookup(config.encoding).name == "utf-8"
    return (text & 0xC0) != 0x80 if is_utf8 else np.ones(len(text), bool)


def notice(found: Likeness, config: Config, *, chosen: bool) -> str:
    """A line about a held-out part that is unlike the rest; `chosen`: blocks are held out instead, for this reason."""
    of_blocks = f"{found.held_out:.2f} bits per byte, and for blocks from all over the text {found.blocks:.2f}"
    if config.val:
        figures = f"a simple model of the text needs {of_blocks}"
        return f"--val {config.val} is unlike the text ({figures}): the validation loss is about another kind of text"
    figures = f"a simple model of the rest needs {of_blocks}"
    if chosen:
        return (
            f"the end of the text is unlike the rest ({figures}), so blocks from all over it are held out; "
            "--split contiguous holds out the end"
        )
    return (
        f"the held-out end of the text is unlike the rest ({figures}): the validation loss is about another kind of "
        "text; --split blocks holds out blocks from all over it"
    )


def _bits(text: np.ndarray, start: int, fold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits for each byte from `start` on, by a model of the bytes before; and for each byte, by a model of other folds.

    A model is a table of counts, and that without a part is the difference of two tables. Contexts, and bytes in a
    context, have places in a table by their hashes.
    """
    symbols = text.astype(np.uint64) + np.uint64(1)
    end = np.arange(start, len(text))
    folds = [np.flatnonzero(fold == number) for number in range(fold.max() + 1)]
    by_rest = np.full(len(end), 1 / 256, np.float32)
    by_others = np.full(len(text), 1 / 256, np.float32)
    context = np.zeros(len(text), np.uint64)
    for order in range(_ORDERS):
        if order:
            context[order:] = (context[order:] ^ symbols[:-order]) * _MIX
            context ^= context >> _HALF
        seen, followed = _places(context), _places(context + symbols * _OTHER_MIX)
        all_seen, all_followed = _counts(seen), _counts(followed)

        def mixed(chances: np.ndarray, part: np.ndarray) -> np.ndarray:
            """The chances of the bytes at `part` with one more byte of context, by a model of all others."""
            here, next_ = seen[part], followed[part]  # noqa: B023 - called in this round only
            n = (all_seen - _counts(here))[here]  # noqa: B023
            hits = (all_followed - _counts(next_))[next_]  # noqa: B023
            found: np.ndarray = (hits + _STRENGTH * chances) / (n + _STRENGTH)
            return found

        by_rest = mixed(by_rest, end)
        for part in folds:
            by_others[part] = mixed(by_others[part], part)
    return -np.log2(by_rest), -np.log2(by_others)


def _places(hashes: np.ndarray) -> np.ndarray:
    places: np.ndarray = ((hashes ^ (hashes >> _HALF)) * _MIX >> _SHIFT).astype(np.intp)
    return places


def _counts(places: np.ndarray) -> np.ndarray:
    return np.bincount(places, minlength=1 << _TABLE_BITS).astype(np.int32)
