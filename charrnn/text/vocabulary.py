"""Characters and their ids: a vocabulary is a string, and the id of a character is its index in it."""

import codecs
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from charrnn.errors import CorpusError

UNKNOWN = "\ufffd"  # the replacement character stands for rare and unknown characters, if a vocabulary says so


def count_characters(blocks: Iterable[str]) -> dict[str, int]:
    """The different characters of a text, given in blocks, sorted, and how often each occurs."""
    total = np.zeros(sys.maxunicode + 1, np.int64)
    for block in blocks:
        found = np.bincount(_code_points(block))
        total[: len(found)] += found
    codes = np.flatnonzero(total)
    return dict(zip(map(chr, codes.tolist()), total[codes].tolist(), strict=True))


@dataclass(frozen=True)
class Vocabulary:
    """The symbols that a model knows: `characters`, or the 256 bytes if that is None.

    Characters are sorted unless the vocabulary was extended. If `has_unknown` is true, U+FFFD is one of them, and is
    the symbol of all characters that the model does not know: it is learned, but never drawn.

    Raises:
        CorpusError: a character is half of a surrogate pair, which cannot be written to a file.
    """

    characters: str | None
    has_unknown: bool = False

    def __post_init__(self) -> None:
        for character in self.characters or "":
            if "\ud800" <= character <= "\udfff":
                raise CorpusError(f"the text holds U+{ord(character):04X}, half of a surrogate pair; use --bytes")

    @property
    def size(self) -> int:
        """Number of symbols."""
        return 256 if self.characters is None else len(self.characters)

    @property
    def dtype(self) -> np.dtype:
        """The smallest of uint8, uint16 and uint32 that holds every id."""
        return np.min_scalar_type(max(self.size - 1, 0))

    @property
    def newline(self) -> int | None:
        """The id of the line feed, None if it is not in the vocabulary."""
        if self.characters is None:
            return ord("\n")
        return self.characters.index("\n") if "\n" in self.characters else None

    @property
    def unknown(self) -> int | None:
        """The id of the unknown symbol, None if there is none."""
        return (self.characters or "").index(UNKNOWN) if self.has_unknown else None

    @property
    def start(self) -> int:
        """The id that precedes a text without a prime: the line feed, else the first symbol that can be drawn."""
        if self.newline is not None:
            return self.newline
        return int(self.unknown == 0 and self.size > 1)

    def encode(self, text: str | bytes, *, unknown: str = "error") -> np.ndarray:
        """The ids of `text` (characters,), of the type `dtype`.

        A vocabulary of bytes takes bytes, or text, which it encodes as UTF-8; one of characters takes text only.
        `unknown` says what happens to characters that are not in the vocabulary: 'error', 'skip', or 'replace', which
        makes them the unknown symbol, else '?', else a space, else symbol 0.

        Raises:
            CorpusError: `unknown` is 'error' and a character is not in the vocabulary.
        """
        if self.characters is None:
            # Bytes of an argument that are not UTF-8 are restored as they were typed.
            return np.frombuffer(raw(text) if isinstance(text, str) else text, np.uint8)
        text = _characters(text)
        ids = self._look_up(text)
        missing = ids == self.size
        if missing.any():
            if unknown == "error":
                raise CorpusError(_unseen(text, int(missing.argmax())))
            if unknown == "skip":
                ids = ids[~missing]
            else:
                ids[missing] = self._replacement
        return ids.astype(self.dtype, copy=False)

    def count_unseen(self, text: str | bytes) -> int:
        """The number of characters of `text` that are not in the vocabulary."""
        if self.characters is None:
            return 0
        return int(np.count_nonzero(self._look_up(_characters(text)) == self.size))

    def decode(self, ids: ArrayLike) -> str:
        """The text of `ids`; bytes that are not UTF-8 become U+FFFD."""
        if self.characters is None:
            return np.asarray(ids, np.uint8).tobytes().decode("utf-8", "replace")
        return self._codes[np.asarray(ids, np.int64)].tobytes().decode("utf-32-le")

    def raw(self, ids: ArrayLike) -> bytes:
        """The bytes of `ids`; characters are encoded as UTF-8."""
        return np.asarray(ids, np.uint8).tobytes() if self.characters is None else raw(self.decode(ids))

    def decoder(self, errors: str = "replace") -> "Decoder":
        """A decoder for ids that arrive a few at a time; `errors` says what happens to bytes that are not UTF-8."""
        return Decoder(self, errors)

    def extended(self, more: str, *, has_unknown: bool = False) -> "Vocabulary":
        """A vocabulary in which known characters keep their ids, and the new ones of `more` follow them, sorted.

        `has_unknown` adds the unknown symbol, before the others: choosing a character rounds upwards, if at all.
        """
        if self.characters is None:
            return self
        first = UNKNOWN if has_unknown and UNKNOWN not in self.characters else ""
        others = sorted(set(more).difference(self.characters, first))
        return Vocabulary(self.characters + first + "".join(others), self.has_unknown or has_unknown)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"characters": self.characters} | ({"unknown": True} if self.has_unknown else {})

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Vocabulary":
        """The vocabulary whose `to_dict` gave `values`."""
        return cls(values["characters"], values.get("unknown", False))

    @cached_property
    def _codes(self) -> np.ndarray:
        return _code_points(self.characters or "")

    @cached_property
    def _table(self) -> np.ndarray:
        """The id of each code point, `size` if it has none; the last entry stands for all code points beyond it."""
        table = np.full(int(self._codes.max(initial=0)) + 2, self.size, np.min_scalar_type(self.size))
        table[self._codes] = np.arange(self.size)
        return table

    def _look_up(self, text: str) -> np.ndarray:
        """The id of each character, or `size` if it has none."""
        return self._table.take(_code_points(text), mode="clip")

    @property
    def _replacement(self) -> int:
        characters = self.characters or ""
        wanted = UNKNOWN if self.has_unknown else "? "
        return next((characters.index(each) for each in wanted if each in characters), 0)


class Decoder:
    """Turns ids into text as they arrive; the first bytes of a UTF-8 character wait for its last one."""

    def __init__(self, vocabulary: Vocabulary, errors: str = "replace") -> None:
        self._vocabulary = vocabulary
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors)

    def decode(self, ids: ArrayLike, final: bool = False) -> str:
        """The complete characters of `ids`; `final` treats bytes that still wait as bytes that are not UTF-8."""
        if self._vocabulary.characters is None:
            return self._utf8.decode(np.asarray(ids, np.uint8).tobytes(), final)
        return self._vocabulary.decode(ids)


def raw(text: str) -> bytes:
    """The bytes of a text that was decoded with the error handler surrogateescape."""
    return text.encode("utf-8", "surrogateescape")


def readable(text: str) -> str:
    """`text`, decoded with surrogateescape, with U+FFFD for bytes that are not UTF-8."""
    return raw(text).decode("utf-8", "replace")


def _code_points(text: str) -> np.ndarray:
    # surrogatepass: an argument that is not UTF-8 has halves of surrogate pairs, to be reported as unseen.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _characters(text: str | bytes) -> str:
    if isinstance(text, bytes):
        raise TypeError("a vocabulary of characters takes text, not bytes")
    return text


def _unseen(text: str, offset: int) -> str:
    character = text[offset]
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return (
        f"the character {character!r} (U+{ord(character):04X}) at line {line}, column {column} (offset {offset}) "
        "is not in the vocabulary; use --unknown skip or --unknown replace"
    )
