"""What a separator and a string between files mean in a text, and separators that leave it in one piece."""

import pytest

from charrnn.config import Config
from charrnn.errors import SettingError
from charrnn.text.separator import understood
from charrnn.text.source import from_path

LATEX = b"\\section{A}\ntext \\newpage\nmore\n\nend\n"


def source(tmp_path, *contents):
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        (folder / f"{number}.txt").write_bytes(content)
    return from_path(folder if len(contents) > 1 else folder / "0.txt", glob="**/*", binary=True)


def meant(tmp_path, *contents, **settings):
    config, notices = understood(source(tmp_path, *contents), Config(**settings))
    return config.separator, config.between, notices


@pytest.mark.parametrize(
    ("content", "typed", "separator", "said"),
    [
        (b"a\n\nb\n", "\n\n", "\n\n", None),
        (b"a\n\nb\n", r"\n\n", "\n\n", r"--separator '\n\n' is read as LF LF, as the text has that"),
        (b"a\\n\\nb\n\nc\n", r"\n\n", r"\n\n", None),  # the text has it as typed
        (LATEX, r"\newpage", r"\newpage", None),
        (LATEX, r"\n\n", "\n\n", "is read as LF LF, as the text has that"),
        (b"a\r\n\r\nb\r\n", "\n\n", "\r\n\r\n", "the separator is CRLF CRLF, as the line ends of the text are kept"),
        (b"a\r\n\r\nb\r\n", r"\n\n", "\r\n\r\n", r"--separator '\n\n' is read as LF LF, as the text has that"),
        (b"a\r\n%\r\nb\r\n", "\n%\n", "\r\n%\r\n", "the separator is CRLF % CRLF"),
        (b"a\r\rb\r", "\n\n", "\r\r", "the separator is CR CR"),
        ("a\u2028\u2028b".encode(), "\n\n", "\u2028\u2028", "the separator is U+2028 U+2028"),
        (b"a\x1eb", r"\x1e", "\x1e", r"--separator '\x1e' is read as U+001E, as the text has that"),
        (b">a\nAC\n>b\nGT\n", r"\n>", "\n>", "is read as LF >"),
        (b"From a\nx\n\nFrom b\ny\n", r"\nFrom ", "\nFrom ", "is read as LF From SPACE"),
        (b"a[SEP]b", "[SEP]", "[SEP]", None),
    ],
)
def test_a_separator_means_what_the_text_has(tmp_path, content, typed, separator, said):
    found, between, notices = meant(tmp_path, content, separator=typed)
    assert (found, between) == (separator, "")
    assert (said in "; ".join(notices)) if said else not notices


def test_with_newlines_lf_the_separator_is_one_of_line_feeds(tmp_path):
    assert meant(tmp_path, b"a\r\n\r\nb\r\n", separator="\n\n", newlines="lf") == ("\n\n", "", [])


def test_bytes_can_have_any_separator(tmp_path):
    content = b"\0a\xff\xd8b\xff\xd8"
    assert meant(tmp_path, content, separator="\udcff\udcd8", bytes=True)[0] == "\udcff\udcd8"
    assert meant(tmp_path, content, separator=r"\xff\xd8", bytes=True)[0] == "\udcff\udcd8"


@pytest.mark.parametrize(
    ("content", "typed", "message"),
    [
        (b"a\nb\n", "\n\n", r"separator LF LF does not divide .*0\.txt into records, as the text does not have it"),
        (b"a\nb\n", "%%", "separator %% does not divide .*; give the string that ends each record, or leave it out"),
        (b"a\nb\n", r"\n\n", "separator LF LF does not divide"),
        (b"a\nb\n\n", "\n\n", "as it would be a single one"),
        (b"%%%%a", "%%", "as it would be a single one"),
    ],
)
def test_a_text_in_one_piece_is_refused(tmp_path, content, typed, message):
    with pytest.raises(SettingError, match=message) as refused:
        meant(tmp_path, content, separator=typed)
    assert refused.value.names == ("separator",)


def test_each_file_can_be_a_record(tmp_path):
    assert meant(tmp_path, b"a\nb", b"c\n", separator="\x1e") == ("\x1e", "", [])
    assert meant(tmp_path, b"a\nb", b"c\n", separator="\x1e", between="\x1e") == ("\x1e", "\x1e", [])
    assert meant(tmp_path, b"a\nb", b"c\n", separator=r"\x1e")[0] == "\x1e"
    assert meant(tmp_path, LATEX, LATEX, separator=r"\newrecord")[0] == r"\newrecord"
    assert meant(tmp_path, b"a\n\nb", b"c\n", separator="\n\n") == ("\n\n", "", [])
    with pytest.raises(SettingError, match="separator U\\+001E does not divide"):
        meant(tmp_path, b"a\nb", b"", separator="\x1e")


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_separator_is_found_across_blocks(tmp_path, monkeypatch, size):
    monkeypatch.setattr("charrnn.text.reader.Reader.__init__.__kwdefaults__", {"block_size": size, "progress": None})
    assert meant(tmp_path, b"aaaa\r\n\r\nbb", separator=r"\n\n")[0] == "\r\n\r\n"
    with pytest.raises(SettingError):
        meant(tmp_path, b"a\nb\nc\n", separator=r"\n\n")


def test_a_string_between_files_can_be_typed_with_escapes(tmp_path):
    said = r"--between '\n\n' is read as LF LF, as the text has no backslash"
    assert meant(tmp_path, b"a\n", b"b\n", between=r"\n\n") == ("", "\n\n", [said])
    assert meant(tmp_path, LATEX, LATEX, between=r"\newpage")[1] == r"\newpage"
    assert meant(tmp_path, LATEX, LATEX, between=r"\newrecord") == ("", r"\newrecord", [])
    assert meant(tmp_path, b"a", b"b", between="***") == ("", "***", [])
