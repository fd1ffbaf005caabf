"""Encodings recognized by their zeros, and encodings that an error message suggests."""

import gzip
import random
import re
import struct

import pytest

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.text.files.formats import HEAD_BYTES
from charrnn.text.files.source import Source, from_path
from charrnn.text.reading.reader import Reader
from charrnn.text.tokens import encode_corpus

ENGLISH = "The quick brown fox\r\njumps over “the” lazy dog.\n" * 3
LANGUAGES = {
    "English": ENGLISH,
    "Vietnamese": "Mọi người đều được tự do và bình đẳng về nhân phẩm\n",
    "Russian": "Все люди рождаются свободными и равными\n",
    "Greek": "Ἅπαντες οἱ ἄνθρωποι ἐλεύθεροι γεννῶνται\n",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों\n",
    "emoji": ENGLISH + "😀",
    "tweets": "So good 😀😀 🎉 – “yes”\n",
    "Chinese in one line": "人人生而自由，在尊严和权利上一律平等。",
    "Chinese": "人人生而自由，在尊严和权利上一律平等。\n",
    "Taiwanese": "人人生而自由，在尊嚴和權利上一律平等。 1\n",
    "Japanese": "すべての人間は、生まれながらにして自由であり、 2026\n",
    "Korean": "모든 인간은 태어날 때부터 자유로우며\n",
    "Hebrew": "כל בני האדם נולדו בני חורין\n",
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระ\n",
    "Chinese and English": "他说 hello, world 人人生而自由\n",
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
        b"\0" + b"N-N8N:" * 9,  # Chinese in UTF-16
        b"a " * 20 + b"\0 ",
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


def advice(tmp_path, content, **settings):
    """The message about a text that cannot be read, and the encodings that it names, first that which it puts first."""
    with pytest.raises(CorpusError) as caught:
        read((tmp_path / "text", content), **settings)
    return str(caught.value), re.findall(r"--encoding ([\w-]+)", str(caught.value))


WESTERN = {
    "quotes": QUOTES,
    "English": ENGLISH,
    "short": "Don’t.",
    "German": "fünf Euro sind 5 €, „sagt“ er\n",
    "French": "un œuf à l’œuvre\n",
    "late": "café\n" * 3000 + "don’t",
}
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом.\n"
LEGACY = {
    "Russian": (RUSSIAN, ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
    "Russian capitals": (RUSSIAN.upper(), ("cp1251", "koi8-r", "cp866")),
    "Russian comments": ('int x; // счетчик строк\nputs("Ошибка");\n', ("cp1251", "koi8-r", "cp866")),
    "Greek": ("Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια\n", ("cp1253",)),
    "Hebrew": ("כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם\n", ("cp1255",)),
    "Arabic": ("يولد جميع الناس أحرارا متساوين في الكرامة والحقوق\n", ("cp1256", "iso8859-6")),
    "Thai": ("มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์\n", ("cp874",)),
    "Japanese": ("すべての人間は、生まれながらにして自由であり、\n", ("shift_jis", "euc_jp")),
    "Chinese": ("人人生而自由，在尊严和权利上一律平等。\n", ("gb18030",)),
    "Taiwanese": ("人人生而自由，在尊嚴和權利上一律平等。\n", ("big5", "gb18030")),
    "Korean": ("모든 인간은 태어날 때부터 자유로우며 그 존엄과\n", ("euc_kr",)),
    "Polish": ("Wszyscy ludzie rodzą się wolni i równi pod względem swej godności\n", ("cp1250", "iso8859-2")),
    "Czech": ("Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti\n", ("cp1250", "iso8859-2")),
    "Turkish": ("Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar\n", ("cp1254",)),
    "French": ("Tous les êtres humains naissent libres et égaux en dignité\n", ("latin-1", "cp850", "mac-roman")),
    "Spanish": ("¿Qué es? ¡Mañana será otro día! El 3º y la 2ª, señor.\n", ("latin-1", "cp850")),
    "Chinese in UTF-16": ("人人生而自由，在尊严和权利上平等。" * 3, ("utf-16-le", "utf-16-be")),  # without a zero
}


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_windows_text_is_called_that(tmp_path, text):
    message, named = advice(tmp_path, text.encode("cp1252"))
    assert named[0] == "cp1252" and "latin-1" not in message
    assert "--errors" not in message  # it would replace every quote
    assert read((tmp_path / "text", text.encode("cp1252")), encoding="cp1252")[0] == text


@pytest.mark.parametrize("text", ["naïve café\n", "Übergröße"])
def test_latin_1_is_named_for_a_text_without_the_bytes_of_windows(tmp_path, text):
    assert advice(tmp_path, text.encode("latin-1"))[1][0] == "latin-1"


@pytest.mark.parametrize(("text", "encoding"), [(text, each) for text, found in LEGACY.values() for each in found])
@pytest.mark.parametrize("before", ["", "plain ASCII\n" * 20_000])
def test_the_encoding_of_other_texts_is_named(tmp_path, text, encoding, before):
    before = "" if encoding.startswith("utf") else before
    content = (before + text * 8).encode(encoding)
    message, named = advice(tmp_path, content)
    assert encoding in named or read((tmp_path / "text", content), encoding=named[0])[0] == before + text * 8
    assert text[:20].rstrip() in message  # as it reads
    for each in named:
        read((tmp_path / "text", content), encoding=each)  # whatever is named works


@pytest.mark.parametrize(
    "content",
    [
        QUOTES.encode("cp1252") + b"\x81",
        QUOTES.encode("cp1252") + b"\x9d",
        "“a” b".encode("utf-16-le") + b"\x00\xdc",
        random.randbytes(5000).replace(b"\0", b"\1"),
    ],
    ids=["81", "9D", "utf-16", "noise"],
)
def test_no_encoding_is_named_that_would_make_garbage(tmp_path, content):
    message, named = advice(tmp_path, content)
    assert not {"latin-1", "cp1252"} & set(named)
    assert "--bytes" in message
    if named:
        assert "café" in message


@pytest.mark.parametrize("text", [QUOTES * 20, "Don’t.\n" * 20, RUSSIAN, "人人生而自由"])
def test_damaged_utf_8_is_called_that(tmp_path, text):
    message, named = advice(tmp_path, text.encode() + b"\xff")
    assert "nearly all others are UTF-8; the text is damaged there: use --errors replace or --bytes" in message
    assert not named
    assert read((tmp_path / "text", text.encode() + b"\xff"), errors="replace")[0] == text + "\ufffd"


@pytest.mark.parametrize("encoding", ["ascii", "shift_jis", "gb2312", "utf-16"])
def test_utf_8_is_named_where_another_encoding_was(tmp_path, encoding):
    assert advice(tmp_path, QUOTES.encode(), encoding=encoding)[1] == ["utf-8"]
