"""Recognizes the encoding of a text: by its byte order mark, by its zeros, or by the bytes that Windows uses."""

import codecs
import re
from collections.abc import Iterable
from unicodedata import category

import numpy as np

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)

_FEWEST_BYTES = 16  # of fewer bytes, zeros say little
_BELOW = 0x20  # the high byte of a character of UTF-16, from Latin to Greek Extended; no byte of a printed character
_ENOUGH_BELOW = 0.9  # share of high bytes below that; typographic quotes and emoji have others
_CONTROLS_IN_TEXTS = "\t\n\v\f\r\b\x1a\x1b\x85"

_CONTROLS = range(0x80, 0xA0)  # control characters in latin-1, which no text has; letters and marks in code pages
_NOT_IN_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_USUAL_IN_CP1252 = np.frombuffer("€„…‹Œ‘’“”•–—™›œ".encode("cp1252"), np.uint8)
_UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"  # more than one byte
)


def is_utf8(content: bytes) -> bool:
    """Whether `content` is valid UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def marked_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32, if the first bytes of a text are its byte order mark; that of UTF-8 does not count."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def unmarked_encoding(head: bytes, *, complete: bool) -> str | None:
    """UTF-16-LE or UTF-16-BE, if the zeros of a text that begins with `head` say so; None if they do not.

    Nearly every other byte must be zero, or another byte that printed characters do not have, and the whole must be
    UTF-16 without unusual control characters. `complete` says that `head` is the whole text.
    """
    if b"\0" not in head or len(head) < _FEWEST_BYTES:
        return None
    for encoding, high in (("UTF-16-LE", head[1::2]), ("UTF-16-BE", head[::2])):
        if b"\0" in high and sum(byte < _BELOW for byte in high) >= _ENOUGH_BELOW * len(high):
            try:
                characters = codecs.getincrementaldecoder(encoding)().decode(head, final=complete)
            except UnicodeDecodeError:
                continue
            if all(category(each) != "Cc" or each in _CONTROLS_IN_TEXTS for each in set(characters)):
                return encoding
    return None


def suggested_encoding(blocks: Iterable[bytes]) -> str | None:
    """cp1252 or latin-1, in which a text that is not UTF-8 can be read; None if that would make garbage of it.

    Without bytes from 80 to 9F, latin-1 is as good as any. With them, the text is from Windows if they are mostly the
    quotes, dashes and ligatures of cp1252, among ASCII letters, and the text is not damaged UTF-8.
    """
    counts = np.zeros(256, np.int64)
    characters = 0
    for block in blocks:
        counts += np.bincount(np.frombuffer(block, np.uint8), minlength=256)
        characters += sum(1 for _ in _UTF8_CHARACTER.finditer(block))
    controls = counts[_CONTROLS.start : _CONTROLS.stop].sum()
    if not controls:
        return "latin-1"
    beyond_ascii = counts[0x80:].sum()
    ascii_letters = sum(counts[ord(each)] for each in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    is_windows = (
        not counts[list(_NOT_IN_CP1252)].any()
        and 2 * counts[_USUAL_IN_CP1252].sum() >= controls
        and ascii_letters > beyond_ascii
        and 4 * characters < beyond_ascii  # else most bytes beyond ASCII are those of UTF-8 characters
    )
    return "cp1252" if is_windows else None
