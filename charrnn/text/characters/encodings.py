"""Recognizes the encoding of a text: by its byte order mark, by its zeros, or by being valid."""

import codecs
import re
from collections.abc import Iterable
from unicodedata import category

import numpy as np

from charrnn.text.characters.candidates import reads_as_east_asian

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)

_FEWEST_BYTES = 16  # of fewer bytes, zeros say little
_BELOW = 0x20  # the high byte of a character of UTF-16, from Latin to Greek Extended; no byte of a printed character
_ENOUGH = 0.9  # typographic quotes and emoji have other high bytes; other data have other characters
_CONTROLS_IN_TEXTS = "\t\n\v\f\r\b\x1a\x1b\x85"

_UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"  # more than one byte
)


def marked_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32, if the first bytes of a text are its byte order mark; that of UTF-8 does not count."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def unmarked_encoding(head: bytes, *, complete: bool) -> str | None:
    """UTF-16-LE or UTF-16-BE, if the zeros of a text that begins with `head` say so; None if they do not.

    Line ends and spaces have a zero in every script. The whole must be UTF-16 without unusual control characters.
    Nearly every other byte must be zero, or another one that printed characters do not have; or, if it is not UTF-8,
    nearly all is Latin to symbols or emoji, or is common in an East Asian language. `complete` says that `head` is the
    whole text.
    """
    if b"\0" not in head or len(head) < _FEWEST_BYTES:
        return None
    for encoding, high in (("UTF-16-LE", head[1::2]), ("UTF-16-BE", head[::2])):
        text = _decoded(head, encoding, complete=complete)
        if any(category(each) in ("Cc", "Cn") and each not in _CONTROLS_IN_TEXTS for each in set(text)):
            continue
        if text and b"\0" in high and sum(byte < _BELOW for byte in high) >= _ENOUGH * len(high):
            return encoding
        if _decoded(head, "utf-8", complete=complete):
            continue
        usual = sum(each < "\u2800" or each >= "\U0001f000" for each in text)
        if text and ((b"\0" in high and usual >= _ENOUGH * len(text)) or reads_as_east_asian(text, encoding.lower())):
            return encoding
    return None


def _decoded(head: bytes, encoding: str, *, complete: bool) -> str:
    """The text of `head`, whose last character may be cut off unless it is `complete`; empty if in another encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=complete)
    except UnicodeDecodeError:
        return ""


def is_nearly_utf8(blocks: Iterable[bytes]) -> bool:
    """Whether a text that is not valid UTF-8 is UTF-8 but for some damage, or has its byte order mark."""
    beyond = within = 0
    for number, block in enumerate(blocks):
        if not number and block.startswith(codecs.BOM_UTF8):
            return True
        beyond += int(np.count_nonzero(np.frombuffer(block, np.uint8) >= 0x80))
        within += sum(len(each[0]) for each in _UTF8_CHARACTER.finditer(block))
    return within >= _ENOUGH * beyond


def is_in(encoding: str, blocks: Iterable[bytes]) -> bool:
    """Whether all of a text is in `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
