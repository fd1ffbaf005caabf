"""Notices about the characters of a text; each suggestion is followed."""

import subprocess
from pathlib import Path

import pytest

from charrnn.config import Config
from charrnn.text.files.source import Source, from_path
from charrnn.text.tokens import encode_corpus

LINE_ENDS = {"CR": "\r", "NEL": "\x85", "U+2028": "\u2028", "U+2029": "\u2029", "CRLF": "\r\n"}


def notices(content: bytes, **settings):
    Path("text.txt").write_bytes(content)
    source = Source("text", (Path("text.txt"),))
    tokens = encode_corpus(source, Config(val_fraction=0.0, **settings), Path("run"))
    return list(tokens.notices), tokens.vocabulary.decode(tokens.train)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("co\u00adoperate, co\u00adoperate", "2 soft hyphens"),
        ("a\u200bb", "1 zero-width space"),
        ("a\u2060b \ufeffc", "1 word joiner and 1 byte order mark"),
        ("one\n\ufefftwo\n\ufeffthree\u00ad\u200b\n", "1 soft hyphen, 1 zero-width space and 2 byte order marks"),
    ],
)
def test_invisible_characters_are_counted_and_can_be_left_out(text, counted):
    (notice,), _ = notices(text.encode())
    assert notice.startswith(f"kept {counted}, which nobody sees; perl ")
    command = notice.partition("; ")[2].removesuffix(" leaves them out")
    subprocess.run(command.replace("FILE", "text.txt").replace("CLEAN", "clean.txt"), shell=True, check=True)
    expected = "".join(each for each in text if each not in "\u00ad\u200b\u2060\ufeff")
    assert notices(Path("clean.txt").read_bytes()) == ([], expected)


def test_the_command_is_not_given_for_other_encodings():
    assert notices("co\u00adop".encode("latin-1"), encoding="latin-1") == ([], "co\u00adop")


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d💻 ❤\ufe0f", "10\u00a0€", "ＡＢＣ\t１"])
def test_what_scripts_emoji_and_typography_need_is_not_mentioned(text):
    assert notices(text.encode()) == ([], text)


@pytest.mark.parametrize("name", ["latin-1", "iso-8859-1", "L1"])
def test_the_code_page_of_windows_is_named_for_control_characters(name):
    (notice,), _ = notices("“Don’t”".encode("cp1252"), encoding=name)
    assert notice == f"3 characters are among the control characters of {name}; --encoding cp1252 reads them as ’ “ ”"
    assert notices("“Don’t”".encode("cp1252"), encoding="cp1252") == ([], "“Don’t”")
    assert notices("café\x85".encode("latin-1"), encoding=name, newlines="lf")[0] == ["made 1 NEL line end LF"]
    assert notices(b"a\x81", encoding=name)[0] == []  # cp1252 does not have it


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_read_in_another_encoding_is_called_that(encoding):
    content = ("Say it, café or not.\n" * 3).encode(encoding)
    found = [each for each in notices(content, encoding="latin-1")[0] if "leave out --encoding latin-1" in each]
    assert len(found) == 1
    assert notices(content)[1] == "Say it, café or not.\n" * 3
    assert not [each for each in notices(content, encoding=encoding)[0] if "leave out" in each]


@pytest.mark.parametrize(("name", "end"), LINE_ENDS.items())
def test_other_line_ends_can_be_made_lf(name, end):
    text = "".join(f"name{number}{end}" for number in range(300))
    found, learned = notices(text.encode())
    assert found == [f"kept 300 {name} line ends (--newlines lf makes them LF)"]
    assert learned == text
    assert notices(text.encode(), newlines="lf") == ([f"made 300 {name} line ends LF"], text.replace(end, "\n"))


def test_a_folder_of_files_is_counted_together(tmp_path):
    Path("folder").mkdir()
    for number in range(3):
        Path(f"folder/{number}.txt").write_bytes("\ufeffone\u00ad\n".encode())
    tokens = encode_corpus(from_path(Path("folder"), glob="*"), Config(val_fraction=0.0), Path("run"))
    assert tokens.notices[0] == "removed 3 byte order marks"
    assert tokens.notices[1].startswith("kept 3 soft hyphens, ")
