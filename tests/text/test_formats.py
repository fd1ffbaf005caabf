"""Compressed texts, byte order marks, and files that are not text, recognized by their first bytes."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.text.formats import content, content_size, is_binary, plain_size
from charrnn.text.reader import Reader, sha256_of
from charrnn.text.source import Source, from_path, from_stdin

TEXT = "".join(f"line {number} of a text\n" for number in range(3000))
COMPRESS = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
KINDS = {"gz": "gzip", "xz": "xz", "bz2": "bzip2"}


@pytest.fixture(params=COMPRESS)
def suffix(request):
    return request.param


def read(path, block_size=1 << 16, **settings):
    return "".join(Reader(Source("text", (path,)), block_size=block_size).text(**settings))


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "<xml/>")


@pytest.mark.parametrize("block_size", [1, 1000, 1 << 16])
def test_a_compressed_text_is_read_as_its_content(tmp_path, suffix, block_size):
    plain, packed = tmp_path / "letters.txt", tmp_path / f"letters.txt.{suffix}"
    plain.write_text(TEXT)
    packed.write_bytes(COMPRESS[suffix](TEXT.encode()))
    assert read(packed, block_size) == TEXT
    sources = [from_path(path, glob="**/*") for path in (plain, packed)]
    assert sources[0].name == sources[1].name == "letters"
    assert sources[0].size == sources[1].size == len(TEXT)
    assert sha256_of(sources[0]) == sha256_of(sources[1])


def test_the_suffix_does_not_count(tmp_path, suffix):
    path = tmp_path / "letters.txt"
    path.write_bytes(COMPRESS[suffix](TEXT.encode()))
    assert read(path) == TEXT
    assert plain_size(path) is None
    path.write_text("BZh is not enough")
    assert read(path) == "BZh is not enough"
    assert plain_size(path) == content_size(path) == 17


def test_several_members_are_read_in_turn(tmp_path, suffix):
    path = tmp_path / "letters"
    path.write_bytes(COMPRESS[suffix](b"first\n") + COMPRESS[suffix](b"second\n"))
    assert read(path) == "first\nsecond\n"


def test_an_empty_compressed_text(tmp_path, suffix):
    path = tmp_path / "empty"
    path.write_bytes(COMPRESS[suffix](b""))
    assert (read(path), content_size(path)) == ("", 0)


def test_progress_and_bytes_are_those_of_the_content(tmp_path, suffix):
    path = tmp_path / "letters"
    path.write_bytes(COMPRESS[suffix](TEXT.encode()))
    done = []
    reader = Reader(Source("text", (path,)), progress=done.append)
    assert b"".join(reader.raw()) == TEXT.encode()
    assert done[-1] == reader.size == len(TEXT)


@pytest.mark.parametrize("harm", ["cut", "changed", "cut at the start"])
def test_damaged_data_are_one_clear_line(tmp_path, suffix, harm):
    packed = COMPRESS[suffix](TEXT.encode())
    middle = len(packed) // 2
    path = tmp_path / f"letters.{suffix}"
    path.write_bytes(
        {
            "cut": packed[:middle],
            "changed": packed[:middle] + bytes(byte ^ 0x55 for byte in packed[middle:]),
            "cut at the start": packed[:11],
        }[harm]
    )
    source = from_path(path, glob="*")
    for reading in (lambda: read(path), lambda: source.size, lambda: list(Reader(source).raw())):
        with pytest.raises(CorpusError, match=rf"\.{suffix} is damaged or incomplete {KINDS[suffix]} data") as caught:
            reading()
        assert "\n" not in str(caught.value)


@given(st.binary(max_size=60), st.integers(0, 40))
def test_any_damage_is_a_corpus_error(junk, kept):
    for compress in COMPRESS.values():
        damaged = compress(b"some text")[: 10 + kept] + junk
        with suppress(CorpusError):
            list(content(io.BytesIO(damaged), "junk", 7))


def test_a_python_that_was_built_without_a_library_says_so(tmp_path, monkeypatch):
    path = tmp_path / "letters.xz"
    path.write_bytes(lzma.compress(b"text"))
    monkeypatch.setitem(sys.modules, "lzma", None)
    with pytest.raises(CorpusError, match=r"letters\.xz is xz data, .* built without lzma; decompress it first"):
        read(path)


def test_standard_input_may_be_compressed(tmp_path, suffix):
    source = from_stdin(io.BytesIO(COMPRESS[suffix](TEXT.encode())), tmp_path)
    assert source.files[0].read_text() == TEXT
    with pytest.raises(CorpusError, match="standard input is damaged or incomplete"):
        from_stdin(io.BytesIO(COMPRESS[suffix](TEXT.encode())[:-20]), tmp_path)


def test_little_memory_is_used_for_a_small_file_that_unpacks_to_much(suffix):
    packed = io.BytesIO(COMPRESS[suffix](bytes(50_000_000)))
    blocks = content(packed, "zeros", 1000)
    assert len(next(blocks)) <= 1000
    assert sum(map(len, blocks)) > 49_000_000


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("utf-32-be", b"\0\0\xfe\xff"),
    ],
)
@pytest.mark.parametrize("block_size", [1, 3, 1000])
def test_a_byte_order_mark_determines_the_encoding(tmp_path, encoding, mark, block_size):
    path = tmp_path / "windows.txt"
    path.write_bytes(mark + "Zażółć\r\ngęślą\r\n".encode(encoding))
    reader = Reader(Source("text", (path,)), block_size=block_size)
    assert "".join(reader.text(newlines="lf")) == "Zażółć\ngęślą\n"
    assert dict(reader.marked) == {encoding[:6].upper(): 1}
    assert (reader.boms, reader.line_ends) == (0, {"CRLF": 2})


def test_an_encoding_that_was_named_is_taken(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xff\xfea\0")
    assert read(path, encoding="latin-1") == "ÿþa\0"
    assert read(path, encoding="utf-16-le") == "a"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"%PDF-1.7\n", r"is a PDF document, not a text; convert it with: pdftotext \S+/my\.file \S+/my\.txt"),
        (b"PK\x03\x04 and so on", r"is a zip archive, .* unzip -p \S+/my\.file > \S+/my\.txt"),
        (b"{\\rtf1\\ansi", r"is an RTF document, .* pandoc -t plain"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
            r"is an Office document, .* --convert-to pdf \S+/my\.file && pdftotext my\.pdf",
        ),
        (b"7z\xbc\xaf\x27\x1c\0", r"is a 7z archive, .* 7z x -so"),
        (b"\x28\xb5\x2f\xfd\0", r"is zstd data, .* zstd -dc"),
    ],
)
def test_files_that_are_not_text(tmp_path, head, message):
    path = tmp_path / "my.file"
    path.write_bytes(head)
    with pytest.raises(CorpusError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert is_binary(head)
    assert b"".join(Reader(Source("text", (path,))).raw()) == head  # --bytes reads anything


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["a.txt", "keyword/b.txt"], "a zip archive"),
        (["[Content_Types].xml", "word/document.xml"], "a Word document"),
        (["[Content_Types].xml", "xl/workbook.xml"], "an Excel workbook"),
        (["[Content_Types].xml", "ppt/slides.xml"], "an Office document"),
        (["mimetype", "content.xml"], "an OpenDocument text"),
    ],
)
def test_documents_that_are_zip_archives(tmp_path, names, kind):
    zipped(tmp_path / "file", *names)
    with pytest.raises(CorpusError, match=f"is {kind}, not a text"):
        read(tmp_path / "file")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_archive_is_not_read_as_a_text(tmp_path, mode):
    (tmp_path / "a.txt").write_text(TEXT)
    path = tmp_path / f"texts.tar{mode[1:].replace(':', '.')}"
    with tarfile.open(path, mode) as archive:
        archive.add(tmp_path / "a.txt", "a.txt")
    with pytest.raises(
        CorpusError, match=r"is a tar archive, not a text; .* tar -xOf \S+texts\.tar\S* > \S+/texts\.txt"
    ):
        read(path)


def test_the_command_never_overwrites_the_file_itself(tmp_path):
    zipped(tmp_path / "wrong.txt", "a")
    with pytest.raises(CorpusError, match=r"> \S+wrong\.txt\.txt"):
        read(tmp_path / "wrong.txt")


def test_an_archive_on_standard_input_has_no_path_worth_naming(tmp_path):
    zipped(tmp_path / "a.zip", "a")
    source = from_stdin(io.BytesIO((tmp_path / "a.zip").read_bytes()), tmp_path / "run")
    with pytest.raises(CorpusError, match=r"standard input is a zip archive, .* unzip -p FILE > FILE\.txt"):
        "".join(Reader(source).text())


def test_no_other_encoding_is_suggested_for_a_binary_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(CorpusError, match=r"a\.png is not a text: .* at offset 8; charrnn train --bytes") as caught:
        read(path)
    assert "latin-1" not in str(caught.value)


def test_what_counts_as_binary():
    assert is_binary(b"a\0b")
    assert not is_binary(b"")
    assert not is_binary("text, naïve".encode("latin-1"))
    assert not is_binary("text".encode("utf-16"))
    assert not is_binary(("text " * 10).encode("utf-16-le"))


@pytest.mark.skipif(not Path("/proc/version").is_file(), reason="needs /proc")
def test_a_file_of_the_system_that_seems_empty_is_read():
    path = Path("/proc/version")
    assert path.stat().st_size == 0
    assert content_size(path) == len(path.read_bytes()) > 0
