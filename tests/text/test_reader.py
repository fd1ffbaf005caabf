"""One pass over a text: blocks, encodings, marks, line ends, and what is counted."""

import hashlib
import re
from collections import Counter
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError, OptionError
from charrnn.text.reader import Reader
from charrnn.text.source import Source, from_path

ALL = "**/*"
COMPRESSED = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh")
BLOCK_SIZES = st.integers(1, 9)
# Few characters, so that CR, LF, the mark and characters of two to four bytes meet each other often.
TEXTS = st.text(st.sampled_from("a\r\n\x85\u2028\ufeffäあ😀"), max_size=20)
LINE_ENDS = {"\r\n": "CRLF", "\r": "CR", "\x85": "NEL", "\u2028": "U+2028", "\u2029": "U+2029"}
LINE_END = re.compile("|".join(LINE_ENDS))  # CRLF before CR


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("source") / "text.txt"


def write(file: Path, content: bytes) -> Source:
    file.write_bytes(content)
    return Source("text", (file,))


def read(source: Source, block_size: int = 1 << 20, **settings) -> str:
    return "".join(Reader(source, block_size=block_size).text(**settings))


@given(TEXTS, BLOCK_SIZES)
def test_blocks_of_any_size_give_the_same_text(file, text, block_size):
    source = write(file, text.encode())
    reader = Reader(source, block_size=block_size)
    assert "".join(reader.text()) == text.removeprefix("\ufeff")
    assert reader.boms == text.startswith("\ufeff")
    assert reader.line_ends == Counter(LINE_ENDS[end] for end in LINE_END.findall(text))
    assert reader.sha256.digest() == hashlib.sha256(text.encode()).digest()
    assert reader.size == len(text.encode())


@given(TEXTS, BLOCK_SIZES, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32"]))
def test_line_ends_become_lf_in_any_encoding_and_block_size(file, text, block_size, encoding):
    source = write(file, text.encode(encoding))
    expected = text.encode(encoding).decode(encoding).removeprefix("\ufeff")
    assert read(source, block_size, encoding=encoding, newlines="lf") == LINE_END.sub("\n", expected)


@given(st.binary(max_size=20).filter(lambda content: not content.startswith(COMPRESSED)), BLOCK_SIZES)
def test_bytes_come_as_they_are(file, content, block_size):
    reader = Reader(write(file, content), block_size=block_size)
    assert b"".join(reader.raw()) == content


def test_newlines_of_bytes_change_only_on_request(file):
    assert b"".join(Reader(write(file, b"a\r\nb\r"), block_size=2).raw(newlines="lf")) == b"a\nb\n"


@given(
    st.lists(st.sampled_from([b"a", "ä".encode(), "あ".encode(), "😀".encode(), b"\xff", b"\xe3\x81", b"\xf0\x9f"])),
    BLOCK_SIZES,
)
def test_a_bad_byte_is_named_with_its_offset_in_the_file(file, parts, block_size):
    content = b"".join(parts)
    source = write(file, content)
    try:
        expected = content.decode()
    except UnicodeDecodeError as error:
        with pytest.raises(CorpusError, match=f"byte 0x{content[error.start]:02x} at offset {error.start} is not"):
            read(source, block_size)
    else:
        assert read(source, block_size) == expected


@pytest.mark.parametrize(
    ("encoding", "content", "offset"),
    [
        ("utf-8", b"\xef\xbb\xbfabcdefgh\xffi", 11),
        ("utf-8-sig", b"\xef\xbb\xbfabcdefgh\xffi", 11),
        ("ascii", b"abcdefgh\xffi", 8),
        ("utf-16", "abcdefgh".encode("utf-16") + b"\x00\xdca\x00", 18),
        ("utf-16-le", b"a\x00b\x00c", 4),
        ("shift_jis", "あいう".encode("shift_jis") + b"\xff", 6),
        ("gb18030", "中文".encode("gb18030") + b"a\xff", 5),
    ],
)
@pytest.mark.parametrize("block_size", [1, 2, 3, 4, 5, 100])
def test_the_offset_of_a_bad_byte_counts_from_the_start_in_every_encoding(file, encoding, content, offset, block_size):
    with pytest.raises(CorpusError, match=f"at offset {offset} is not {encoding};.*--encoding.*--errors.*--bytes"):
        read(write(file, content), block_size, encoding=encoding)


def test_bad_bytes_can_be_replaced_or_ignored(file):
    source = write(file, b"a\xffb")
    assert read(source, errors="replace") == "a\ufffdb"
    assert read(source, errors="ignore") == "ab"


def test_each_reader_counts_its_own_bad_bytes(tmp_path):
    sources = write(tmp_path / "bad", b"a\xffb\xff"), write(tmp_path / "worse", b"\xe2\x82" * 4 + b"x")
    readers = [Reader(source, block_size=1) for source in sources]
    for pieces in zip_longest(*(reader.text(errors="ignore") for reader in readers)):
        assert set(pieces) <= set("abx") | {"", None}
    assert [reader.undecoded for reader in readers] == [2, 8]


def test_the_offset_counts_from_the_start_of_the_file_at_fault(tmp_path):
    (tmp_path / "1.txt").write_bytes(b"long enough")
    (tmp_path / "2.txt").write_bytes(b"a\xff")
    with pytest.raises(CorpusError, match=r"2\.txt: byte 0xff at offset 1 .*--glob"):
        read(from_path(tmp_path, glob=ALL))


@pytest.mark.parametrize("encoding", ["nonsense", "hex", "undefined", "", "a\0b"])
def test_unknown_encoding(file, encoding):
    with pytest.raises(OptionError, match="there is no encoding"):
        read(write(file, b"a"), encoding=encoding)


def test_utf_16_without_its_mark(file):
    with pytest.raises(CorpusError, match=r"is not utf-16.*--encoding"):
        read(write(file, b"abcd"), encoding="utf-16")


def test_a_file_that_goes_away_is_an_error(file):
    source = write(file, b"a")
    file.unlink()
    with pytest.raises(CorpusError, match=r"cannot read .*No such file"):
        read(source)
    with pytest.raises(CorpusError, match=r"cannot read .*No such file"):
        _ = source.size


def test_progress_counts_bytes_after_each_block(file):
    done = []
    list(Reader(write(file, b"12345"), block_size=2, progress=done.append).text())
    assert done == [2, 4, 5]


def test_line_ends_and_marks_belong_to_one_file(tmp_path):
    (tmp_path / "1").write_bytes(b"\xef\xbb\xbfa\r")
    (tmp_path / "2").write_bytes(b"\xef\xbb\xbf\nb")
    reader = Reader(from_path(tmp_path, glob=ALL))
    assert "".join(reader.text(newlines="lf")) == "a\n\nb"
    assert (reader.boms, reader.line_ends) == (2, {"CR": 1})
