"""Encodings recognized by their zeros, and encodings that an error message suggests."""

import gzip
import random
import struct

import pytest

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.text.formats import HEAD_BYTES
from charrnn.text.reader import Reader
from charrnn.text.source import Source, from_path
from charrnn.text.tokens import encode_corpus

ENGLISH = "The quick brown fox\r\njumps over “the” lazy dog.\n" * 3
LANGUAGES = {
    "English": ENGLISH,
    "Vietnamese": "Mọi người đều được tự do và bình đẳng về nhân phẩm\n",
    "Russian": "Все люди рождаются свободными и равными\n",
    "Greek": "Ἅπαντες οἱ ἄνθρωποι ἐλεύθεροι γεννῶνται\n",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों\n",
    "emoji": ENGLISH + "😀",
    "long": ENGLISH * 500,
}
random.seed(1)
QUOTES = "“I’ve no idea – none…” she said, “caf\u00e9 or not.”\n"


def read(path, **settings):
    path, content = path
    path.write_bytes(content)
    reader = Reader(Source("text", (path,)), block_size=1000)
    return "".join(reader.text(**settings)), reader


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_utf_16_without_a_mark_is_recognized(tmp_path, encoding, language, compress):
    text = LANGUAGES[language]
    found, reader = read((tmp_path / "text", compress(text.encode(encoding))))
    assert found == text
    assert reader.unmarked == {encoding.upper(): 1}
    assert not reader.marked


def test_a_character_of_four_bytes_at_the_end_of_the_head(tmp_path):
    text = "a" * (HEAD_BYTES // 2 - 1) + "😀"
    assert read((tmp_path / "text", text.encode("utf-16-le")))[0] == text


@pytest.mark.parametrize(
    "content",
    [
        b"one\0two\0three\0four\0five\0six\0",  # as `find -print0` writes
        b"abc\0def\0" * 20,
        b"a\0b",
        b"a text with one\0 zero, valid UTF-8",
        b"a\0" * 3,
        b"ab\0\0cd\0\0" * 20,
        ENGLISH.encode() + b"\0",
    ],
    ids=repr,
)
def test_utf_8_with_zeros_stays_utf_8(tmp_path, content):
    found, reader = read((tmp_path / "text", content))
    assert found == content.decode()
    assert not reader.unmarked


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<500h", *(random.randrange(2000) for _ in range(500))),  # quiet sound
        bytes(100),
        "text".encode("utf-32-le") * 10,
        struct.pack("<200H", *range(200)),
    ],
    ids=["sound", "zeros", "utf-32", "numbers"],
)
def test_other_data_with_zeros_are_not_utf_16(tmp_path, content):
    path = tmp_path / "data"
    path.write_bytes(content)
    (tmp_path / "text").write_bytes(b"a text")
    assert from_path(tmp_path, glob="*").files == (tmp_path / "text",)


def test_a_named_encoding_and_bytes_are_taken(tmp_path):
    content = ENGLISH.encode("utf-16-le")
    assert read((tmp_path / "text", content), encoding="latin-1")[0] == content.decode("latin-1")
    assert b"".join(Reader(Source("text", (tmp_path / "text",))).raw()) == content


def test_files_without_a_mark_in_a_folder_are_read_and_counted(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, encoding in {"a": "utf-16-le", "b": "utf-8", "c": "utf-16-le", "d": "utf-16-be"}.items():
        (folder / name).write_bytes(ENGLISH.encode(encoding))
    (folder / "e.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (tmp_path / "run").mkdir()
    tokens = encode_corpus(from_path(folder, glob="*"), Config(newlines="lf", val_fraction=0.0), tmp_path / "run")
    assert tokens.vocabulary.decode(tokens.train) == ENGLISH.replace("\r\n", "\n") * 4
    assert tokens.notices[:3] == (
        "left out 1 binary file",
        "read 2 files as UTF-16 (little-endian), as their zeros say; --encoding names another",
        "read 1 file as UTF-16 (big-endian), as its zeros say; --encoding names another",
    )


@pytest.mark.parametrize(
    "text",
    [QUOTES, ENGLISH, "Don’t.", "fünf Euro sind 5 €, „sagt“ er\n", "un œuf à l’œuvre\n", "café\n" * 3000 + "don’t"],
    ids=str.split,
)
def test_windows_text_is_called_that(tmp_path, text):
    with pytest.raises(
        CorpusError, match="not utf-8; name its --encoding: this looks like Windows text, --encoding cp1252; or use"
    ) as caught:
        read((tmp_path / "text", text.encode("cp1252")))
    assert "latin-1" not in str(caught.value)
    assert read((tmp_path / "text", text.encode("cp1252")), encoding="cp1252")[0] == text


@pytest.mark.parametrize("text", ["naïve café\n", "Übergröße"])
def test_latin_1_is_named_for_a_text_without_the_bytes_of_windows(tmp_path, text):
    with pytest.raises(CorpusError, match="another --encoding such as latin-1, or use --errors"):
        read((tmp_path / "text", text.encode("latin-1")))


@pytest.mark.parametrize(
    "content",
    [
        QUOTES.encode("cp1252") + b"\x81",
        QUOTES.encode("cp1252") + b"\x9d",
        QUOTES.encode() * 20 + b"\xff",  # damaged UTF-8
        ("Don’t.\n" * 20).encode() + b"\xff",
        "“Все люди” – рождаются".encode("cp1251"),
        "これは日本語の文です。".encode("shift_jis"),
        "déjà vu, café".encode("cp437"),
        "“a” b".encode("utf-16-le") + b"\x00\xdc",
    ],
    ids=["81", "9D", "utf-8", "utf-8 quotes", "Russian", "Japanese", "DOS", "utf-16"],
)
def test_no_encoding_is_named_that_would_make_garbage(tmp_path, content):
    with pytest.raises(CorpusError, match=r"name its --encoding, or use --errors|is not a text") as caught:
        read((tmp_path / "text", content))
    assert "latin-1" not in str(caught.value)
    assert "cp1252" not in str(caught.value)
