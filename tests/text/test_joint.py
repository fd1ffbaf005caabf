"""What stands between the files of a text: no line and no record of it consists of two files' parts."""

import bz2
import gzip
import lzma

import pytest

from charrnn.config import Config
from charrnn.text.reader import Reader
from charrnn.text.reading import blocks
from charrnn.text.source import from_path, joined

CRLF, CR = {"a": b"a\r\nb\r\nc", "d": b"d\r\n", "e": b"e"}, {"a": b"a\rb\rc", "d": b"d\r", "e": b"e\rf"}


def folder(tmp_path, files):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return from_path(tmp_path, glob="**/*", binary=True)


def read(source, block_size=1 << 16, files=None, **settings):
    reader = Reader(source, block_size=block_size)
    found = list(blocks(reader, Config(**settings), files))
    return (b"" if settings.get("bytes") else "").join(found), reader


@pytest.mark.parametrize("block_size", [1, 2, 3, 1 << 16])
@pytest.mark.parametrize(
    ("files", "settings", "expected", "number"),
    [
        ({"a": b"a\nb", "c": b"c", "d": b"d\n"}, {}, "a\nb\nc\nd\n", 2),
        ({"a": b"a\nb\n", "c": b"c\n", "d": b"d"}, {}, "a\nb\nc\nd", 0),  # the last file is left as it is
        ({"a": b"", "b": b"b", "c": b"", "d": b"d", "e": b""}, {}, "b\nd", 1),
        ({"a": b"\xef\xbb\xbfa", "b": b"\xef\xbb\xbf", "c": b"\xef\xbb\xbfc"}, {}, "a\nc", 1),
        (CRLF, {}, "a\r\nb\r\nc\r\nd\r\ne", 1),
        (CRLF, {"newlines": "lf"}, "a\nb\nc\nd\ne", 1),
        (CR, {}, "a\rb\rc\rd\re\rf", 1),
        (CR, {"newlines": "lf"}, "a\nb\nc\nd\ne\nf", 1),
        ({"a": "a\u2028b".encode(), "c": "c\x85".encode(), "d": b"d"}, {}, "a\u2028b\u2028c\x85d", 1),
        ({"a": b"a\r\nb\nc", "d": b"d\nx\r\ne", "f": b"f"}, {}, "a\r\nb\nc\nd\nx\r\ne\r\nf", 2),
        ({"a": "aé".encode("utf-16"), "b": b"b"}, {}, "aé\nb", 1),
        ({"a": b"a\nb", "c": b"c\n"}, {"between": "--\n"}, "a\nb--\nc\n", 0),
        ({"a": b"a", "b": b"", "c": b"c"}, {"between": "%"}, "a%c", 0),
        ({"a": b"a\nb", "c": b"c\n", "d": b"d\n\n", "e": b"e"}, {"separator": "\n\n"}, "a\nb\n\nc\n\nd\n\ne\n\n", 3),
        ({"a": b"a\nb", "c": b"c\n"}, {"separator": "\x1e"}, "a\nb\x1ec\n\x1e", 2),
        ({"a": b"a", "b": b"b"}, {"separator": "\x1e", "between": "\x1e"}, "a\x1eb\x1e", 2),
        ({"a": b"a\n", "b": b"b\n"}, {"separator": "\n\n", "between": "* * *\n"}, "a\n* * *\n\nb\n\n", 0),
        ({"a": b"a\r\n", "b": b"b"}, {"separator": "\r\n\r\n"}, "a\r\n\r\nb\r\n\r\n", 2),
        ({"a": b"x\n%\ny\n", "b": b"z\n%\n"}, {"separator": "\n%\n"}, "x\n%\ny\n%\nz\n%\n", 1),
        ({"a": b"a\n", "b": b"b"}, {"bytes": True}, b"a\nb", 0),  # nothing is added to bytes
        ({"a": b"\0a", "b": b"b\xff", "c": b""}, {"bytes": True, "separator": "\udcff"}, b"\0a\xffb\xff", 1),
        ({"a": b"a", "b": b"b"}, {"bytes": True, "between": "é"}, "aéb".encode(), 0),
    ],
)
def test_files_are_joined(tmp_path, files, settings, expected, number, block_size):
    text, reader = read(folder(tmp_path, files), block_size, **settings)
    assert (text, reader.joined) == (expected, number)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_compressed_files_and_several_texts_are_joined_as_files_of_a_folder(tmp_path, pack):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(pack(b"a\nb"))
    (tmp_path / "in" / "c.txt").write_bytes(b"c")
    (tmp_path / "d.txt").write_bytes(pack(b"d"))
    sources = [from_path(tmp_path / name, glob="**/*") for name in ("d.txt", "in", "d.txt")]
    assert read(joined(sources))[0] == "d\na\nb\nc\nd"
    assert read(joined(sources), separator="%")[0] == "d%a\nb%c%d%"


def test_the_end_of_each_file_is_known_with_what_follows_it(tmp_path):
    source = folder(tmp_path, {"a": b"", "b": b"bb", "c": b"", "d": b"d\n", "e": b"ee"})
    assert read(source)[1].ends == [0, 3, 3, 5, 7]
    assert read(source, separator="%%")[1].ends == [0, 4, 4, 8, 12]
    assert read(source, files=source.files[1:2])[1].ends == [2]
    assert read(source, files=())[1].ends == []


def test_each_part_of_a_text_ends_by_itself(tmp_path):
    source = folder(tmp_path, {"a": b"a", "b": b"b", "c": b"c"})
    reader, config = Reader(source), Config(separator="%")
    assert ["".join(blocks(reader, config, files)) for files in (source.files[:2], source.files[2:])] == ["a%b%", "c%"]
