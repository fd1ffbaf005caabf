"""The encoding in which a text for a trained model is read."""

import gzip
from pathlib import Path

import pytest

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.text.reading.prompt import read_texts

RUNS = {
    "utf-16": "Xin chào, “bạn” số 1\n",
    "utf-16-le": "Все люди\n",
    "utf-32": "Все люди\n",
    "cp1252": "“Don’t” – café\n",
    "latin-1": "Übergröße\n",
    "shift_jis": "これは日本語の文です。\n",
    "koi8-r": "Все люди рождаются\n",
    "gb18030": "人人生而自由，在尊严上\n",
    "iso2022_jp": "これは日本語の文です。\n",
    "utf-7": "Übergröße + 1\n",
    "cp037": "Say it, café\n",
}


def write(content: bytes) -> str:
    Path("prime.txt").write_bytes(content)
    return "prime.txt"


@pytest.mark.parametrize("encoding", RUNS)
@pytest.mark.parametrize("text", [*RUNS.values(), "plain ASCII, as of old\n"])
@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_texts_are_read_as_what_they_are(encoding, text, form):
    assert read_texts([write(text.encode(form))], Config(encoding=encoding)) == text


@pytest.mark.parametrize("encoding", RUNS)
def test_other_texts_are_read_in_the_encoding_of_the_run(encoding):
    assert read_texts([write(RUNS[encoding].encode(encoding))], Config(encoding=encoding)) == RUNS[encoding]
    assert (
        read_texts([write(gzip.compress(RUNS[encoding].encode(encoding)))], Config(encoding=encoding)) == RUNS[encoding]
    )


@pytest.mark.parametrize("encoding", RUNS)
def test_a_named_encoding_is_taken(encoding):
    text = RUNS[encoding]
    assert read_texts([write(text.encode(encoding))], Config(), encoding=encoding) == text
    assert read_texts([write("é".encode())], Config(encoding=encoding), encoding="latin-1") == "Ã©"
    with pytest.raises(CorpusError, match="is not ascii"):
        read_texts([write("é".encode())], Config(encoding=encoding), encoding="ascii")
    assert read_texts([write("é!".encode())], Config(encoding=encoding), encoding="ascii", errors="ignore") == "!"


def test_the_files_of_a_folder_are_read_alike():
    Path("folder").mkdir()
    Path("folder/a").write_bytes("é\n".encode())
    Path("folder/b").write_bytes("ä\n".encode("utf-16"))
    assert read_texts(["folder"], Config(encoding="cp1252")) == "é\nä\n"


def test_bytes_stay_bytes():
    assert read_texts([write(b"\xff\xfea\0")], Config(bytes=True, encoding="cp1252")) == b"\xff\xfea\0"


def test_the_settings_of_the_run_hold_for_other_texts():
    config = Config(encoding="cp1252", normalize="nfc", newlines="lf")
    assert read_texts([write("cafe\u0301\r\nà".encode())], config) == "café\nà"
    assert (
        read_texts([write("cafe\u0301\r".encode())], config.replace(normalize="nfd", newlines="keep")) == "cafe\u0301\r"
    )
