import hashlib
import io
import os
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError, StorageError
from charrnn.text.source import Reader, Source, from_path, from_stdin

ALL = "**/*"
BLOCK_SIZES = st.integers(1, 9)
# Few characters, so that CR, LF, the mark and characters of two to four bytes meet each other often.
TEXTS = st.text(st.sampled_from("a\r\n\ufeffäあ😀"), max_size=20)


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
    assert reader.crlf == text.count("\r\n")
    assert reader.sha256.digest() == hashlib.sha256(text.encode()).digest()
    assert reader.size == len(text.encode())


@given(TEXTS, BLOCK_SIZES, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "utf-32"]))
def test_crlf_becomes_lf_in_any_encoding_and_block_size(file, text, block_size, encoding):
    source = write(file, text.encode(encoding))
    assert read(source, block_size, encoding=encoding, newlines="lf") == (
        text.encode(encoding).decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n")
    )


@given(st.binary(max_size=20), BLOCK_SIZES)
def test_bytes_come_as_they_are(file, content, block_size):
    reader = Reader(write(file, content), block_size=block_size)
    assert b"".join(reader.raw()) == content


def test_newlines_of_bytes_change_only_on_request(file):
    assert b"".join(Reader(write(file, b"a\r\nb\r"), block_size=2).raw(newlines="lf")) == b"a\nb\r"


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
    with pytest.raises(CorpusError, match="there is no encoding"):
        read(write(file, b"a"), encoding=encoding)


def test_utf_16_without_its_mark(file):
    with pytest.raises(CorpusError, match=r"is not utf-16.*--encoding"):
        read(write(file, b"abcd"), encoding="utf-16")


def test_a_file_that_goes_away_is_an_error(file):
    source = write(file, b"a")
    file.unlink()
    with pytest.raises(CorpusError, match=r"cannot read .*No such file"):
        read(source)
    with pytest.raises(CorpusError, match="no file or folder"):
        _ = source.size


def test_progress_counts_bytes_after_each_block(file):
    done = []
    list(Reader(write(file, b"12345"), block_size=2, progress=done.append).text())
    assert done == [2, 4, 5]


def test_one_file(tmp_path):
    path = tmp_path / "my text!.v2.txt"
    path.write_text("hello")
    assert from_path(path, glob=ALL) == Source("my-text-.v2", (path,), description=str(path))


def test_a_folder_is_read_in_the_order_of_paths_without_hidden_files(tmp_path):
    for name in ("b.txt", "a/z.txt", "a/b/c.md", ".git/x.txt", "a/.hidden.txt", "A.txt", "empty.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("" if name == "empty.txt" else f"{name}\n")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    source = from_path(tmp_path, glob=ALL)
    assert [file.relative_to(tmp_path).as_posix() for file in source.files] == [
        "A.txt",
        "a/b/c.md",
        "a/z.txt",
        "b.txt",
        "empty.txt",
    ]
    assert read(source) == "A.txt\na/b/c.md\na/z.txt\nb.txt\n"
    assert source.description == f"{tmp_path} (5 files)"
    assert [file.name for file in from_path(tmp_path, glob="**/*.md").files] == ["c.md"]


def test_line_ends_and_marks_belong_to_one_file(tmp_path):
    (tmp_path / "1").write_bytes(b"\xef\xbb\xbfa\r")
    (tmp_path / "2").write_bytes(b"\xef\xbb\xbf\nb")
    reader = Reader(from_path(tmp_path, glob=ALL))
    assert "".join(reader.text(newlines="lf")) == "a\r\nb"
    assert (reader.boms, reader.crlf) == (2, 0)


def test_the_present_folder_has_a_name(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("a")
    monkeypatch.chdir(tmp_path)
    assert from_path(Path("."), glob=ALL).name == tmp_path.name


@pytest.mark.parametrize(
    ("name", "glob", "message"),
    [
        ("nothing", ALL, r"no file or folder .*nothing \(looked for /.*nothing\)"),
        ("x" * 300, ALL, "cannot read .*too long"),
        ("file/below", ALL, "cannot read .*Not a directory"),
        ("empty", ALL, "empty is empty"),
        ("folder", ALL, r"folder \(1 file\) is empty"),
        ("folder", "*.py", r"no file in the folder .* matches --glob '\*\.py'"),
        ("folder", "", "--glob '' is not a pattern"),
        ("folder", "/etc/*", "--glob '/etc/.*' is not a pattern"),
        ("pipe", ALL, "a pipe, which cannot be read twice"),
    ],
)
def test_paths_that_give_no_text(tmp_path, name, glob, message):
    (tmp_path / "file").write_text("a")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match=message) as caught:
        from_path(tmp_path / name, glob=glob)
    assert "\n" not in str(caught.value)


def test_an_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    with pytest.raises(CorpusError, match="not readable"):
        from_path(path, glob=ALL)


def test_standard_input_is_kept_in_a_file(tmp_path):
    source = from_stdin(io.BytesIO(b"hello"), tmp_path / "run")
    assert source == Source("stdin", (tmp_path / "run" / "stdin.txt",), description="standard input")
    assert read(source) == "hello"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["stdin.txt"]


def test_empty_standard_input_leaves_no_file(tmp_path):
    with pytest.raises(CorpusError, match="standard input is empty"):
        from_stdin(io.BytesIO(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_standard_input_that_cannot_be_kept(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"stdin\.txt cannot be written: "):
        from_stdin(io.BytesIO(b"a"), tmp_path / "file")


def test_standard_input_that_is_a_folder(tmp_path):
    class Folder(io.BytesIO):
        def read(self, size=-1):
            raise IsADirectoryError(21, "Is a directory")

    with pytest.raises(CorpusError, match="cannot read standard input: Is a directory"):
        from_stdin(Folder(), tmp_path)
