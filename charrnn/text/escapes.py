r"""Escapes such as \n in text that was typed on a command line; most shells pass them on unchanged."""

import re

_SIMPLE = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[abefnrtv\\])")
_NAMES = {"\r\n": "CRLF", "\n": "LF", "\r": "CR", "\t": "TAB", " ": "SPACE"}


def unescaped(text: str, *, of_bytes: bool = False) -> str:
    r"""`text` with the characters that its escapes stand for: those of bash's $'...', such as \n, \t, \x1e and \u2028.

    of_bytes: \xff and \377 are that byte, as the error handler surrogateescape decodes it, not the character U+00FF.
    """

    def meaning(escape: re.Match[str]) -> str:
        typed = escape[0][1:]
        if typed in _SIMPLE:
            return _SIMPLE[typed]
        code = int(typed[1:], 16) if typed[0] in "xuU" else int(typed, 8)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            return escape[0]
        is_byte = of_bytes and typed[0] not in "uU" and 0x80 <= code < 0x100
        return chr(0xDC00 + code) if is_byte else chr(code)

    return _ESCAPE.sub(meaning, text)


def spelled(text: str) -> str:
    r"""`text` for a message, with names for what cannot be seen: LF % LF, U+001E, \xff."""
    words = re.split(r"(\r\n|[^!-~\w])", text)
    return " ".join(_NAMES.get(word) or _visible(word) for word in words if word)


def _visible(word: str) -> str:
    if word.isprintable():
        return word
    code = ord(word[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code < 0xDD00 else f"U+{code:04X}"
