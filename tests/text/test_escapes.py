"""Escapes that were typed become characters, and messages spell characters that cannot be seen."""

import pytest

from charrnn.text.escapes import spelled, unescaped


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"\n\n", "\n\n"),
        (r"\r\n%\t", "\r\n%\t"),
        (r"\x1e", "\x1e"),
        (r"\x1E\036\0", "\x1e\x1e\0"),
        (r"\u2028\U0001F600", "\u2028😀"),
        (r"a\\n", r"a\n"),
        (r"\e[0m", "\x1b[0m"),
        (r"\xe9", "é"),
        (r"\q\U00110000\ud800\xg\9", r"\q\U00110000\ud800\xg\9"),
        ("plain é\n", "plain é\n"),
        ("\\", "\\"),
    ],
)
def test_escapes_are_those_of_bash(typed, meant):
    assert unescaped(typed) == meant


def test_escapes_of_bytes_are_bytes():
    assert unescaped(r"\xff\377\x41\u00ff", of_bytes=True) == "\udcff\udcffAÿ"


def test_what_cannot_be_seen_is_spelled():
    assert spelled("\n%\n") == "LF % LF"
    assert spelled("\r\n\r\n") == "CRLF CRLF"
    assert spelled("\nFrom ") == "LF From SPACE"
    assert spelled("[SEP]") == "[SEP]"
    assert spelled("\x1e\udcff\u2028é") == r"U+001E \xff U+2028 é"
