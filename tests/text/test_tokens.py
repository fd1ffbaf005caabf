"""A text becomes ids in a file: both passes, the notices, and loading the file again."""

import errno
import hashlib
import json
import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import SPLITS, Config
from charrnn.errors import CorpusError, StorageError
from charrnn.text import tokens as module
from charrnn.text.source import Source
from charrnn.text.tokens import Tokens, encode_corpus, load_tokens
from charrnn.text.vocabulary import Vocabulary
from tests.support.disks import without_maps

COMPRESSED = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh")
TEXT = "one two\nthree\nfour\n" * 5
NOTHING = "nothing held out: {} for --val-fraction {} --split {}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tokens")


def write(folder: Path, content: str | bytes) -> Source:
    file = folder / "text.txt"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source("text", (file,), description="the text")


def encode(folder: Path, content: str | bytes, base: Vocabulary | None = None, **settings) -> Tokens:
    return encode_corpus(write(folder, content), Config(**settings), folder / "run", base=base)


def texts(tokens: Tokens) -> tuple[str, str]:
    return tokens.vocabulary.decode(tokens.train), tokens.vocabulary.decode(tokens.val)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), min_size=2))
def test_both_parts_together_are_the_text(folder, text):
    tokens = encode(folder, text, val_fraction=0.5)
    assert "".join(texts(tokens)) == text
    assert tokens.vocabulary.characters == "".join(sorted(set(text)))
    assert tokens.train.dtype == tokens.vocabulary.dtype
    assert (tokens.sha256, tokens.size) == (hashlib.sha256(text.encode()).hexdigest(), len(text.encode()))


@given(st.binary(min_size=2).filter(lambda content: not content.startswith(COMPRESSED)))
def test_bytes_of_any_file(folder, content):
    tokens = encode(folder, content, bytes=True)
    assert tokens.train.tobytes() + tokens.val.tobytes() == content
    assert tokens.vocabulary == Vocabulary(None)


@pytest.mark.parametrize("how", SPLITS)
def test_the_file_holds_what_the_split_gives(tmp_path, how):
    tokens = encode(tmp_path, TEXT, split=how, val_fraction=0.4, batch_size=5)
    train, val = texts(tokens)
    assert (tmp_path / "run" / "tokens.bin").stat().st_size == len(train) + len(val)
    assert (train, val) == {
        "contiguous": (TEXT[:57], TEXT[57:]),
        "blocks": (train, val),
        "unique-lines": (train, val),
        "lines": (train, val),
        "interleaved": ("one two\nthr" * 5, "ee\nfour\n" * 5),
    }[how]
    assert val and not (how == "unique-lines" and set(val.splitlines()) & set(train.splitlines()))


def test_the_parts_cannot_be_written_to(folder):
    tokens = encode(folder, TEXT)
    with pytest.raises(ValueError, match="read-only"):
        tokens.train[0] = 1


def test_pages_given_back_are_read_again(folder):
    tokens = encode(folder, TEXT)
    before = texts(tokens)
    tokens.release()
    assert texts(tokens) == before


@pytest.mark.parametrize("how", SPLITS)
@pytest.mark.parametrize("number", [errno.ENODEV, errno.ENOSYS, errno.EACCES])
def test_a_file_system_without_maps(tmp_path, monkeypatch, caplog, how, number):
    settings = {"split": how, "val_fraction": 0.4, "batch_size": 5}
    mapped = encode(tmp_path, TEXT, **settings)
    caplog.set_level(logging.INFO)
    without_maps(monkeypatch, number)
    held = encode(tmp_path, TEXT, **settings)
    loaded = load_tokens(tmp_path / "run", held.vocabulary)
    held.release()
    assert texts(held) == texts(loaded) == texts(mapped)
    with pytest.raises(ValueError, match="read-only"):
        held.train[0] = 1
    size = sum(part.nbytes for part in held.parts)
    note = f"files in {tmp_path}/run cannot be mapped into memory; the text takes {size} bytes of RAM"
    assert caplog.messages == [note, note]


def test_too_little_address_space_for_a_map_is_an_error(tmp_path, monkeypatch):
    without_maps(monkeypatch, errno.ENOMEM)
    with pytest.raises(StorageError, match="Cannot allocate memory"):
        encode(tmp_path, TEXT)


def test_a_base_vocabulary_is_extended(folder):
    tokens = encode(folder, "cab cab", base=Vocabulary("zb"))
    assert tokens.vocabulary.characters == "zb ac"
    assert "".join(texts(tokens)) == "cab cab"


@pytest.mark.parametrize(("base", "read_bytes"), [(None, False), ("ab", True)])
def test_characters_and_bytes_do_not_mix(folder, base, read_bytes):
    with pytest.raises(CorpusError, match="--bytes"):
        encode(folder, TEXT, base=Vocabulary(base), bytes=read_bytes)


@pytest.mark.parametrize(
    ("content", "settings", "notices"),
    [
        (TEXT, {}, ()),
        (TEXT, {"val_fraction": 0.0}, ()),
        ("\ufeff" + TEXT, {}, ("removed 1 byte order mark",)),
        (TEXT + "\r\n", {}, ("kept 1 CRLF line end (--newlines lf makes them LF)",)),
        (TEXT + "\r\n" * 2, {"newlines": "lf"}, ("made 2 CRLF line ends LF",)),
        (TEXT + "\r\n" * 2, {"bytes": True}, ()),
        (TEXT + "\r", {}, ("kept 1 CR line end (--newlines lf makes them LF)",)),
        (TEXT + "\r\ra\u2028b", {"newlines": "lf"}, ("made 2 CR and 1 U+2028 line ends LF",)),
        (
            TEXT + "\r\r\ra\x85\x85\r\n",
            {},
            ("kept 3 CR, 2 NEL and 1 CRLF line ends (--newlines lf makes them LF)",),
        ),
        (
            TEXT.encode("utf-16-le"),
            {},
            ("read as UTF-16 (little-endian), as its zeros say; --encoding names another",),
        ),
        (TEXT.encode("utf-16-be"), {"bytes": True}, ()),
        (TEXT.encode() + b"\xff\n\xfe\xfe", {"errors": "ignore"}, ("left out 3 bytes not in utf-8 (--errors ignore)",)),
        (TEXT.encode() + b"\xff", {"errors": "replace"}, ("replaced 1 byte not in utf-8 (--errors replace)",)),
        (TEXT, {"errors": "ignore"}, ()),
        ("a" * 600, {"val_fraction": 0.001}, (NOTHING.format("too short", "0.001", "contiguous"),)),
        (
            "a\nb\n" * 300,
            {"split": "unique-lines"},
            (NOTHING.format("too few different lines", "0.1", "unique-lines"),),
        ),
        ("abc " * 200, {"split": "lines"}, (NOTHING.format("too few lines", "0.1", "lines"),)),
    ],
)
def test_notices(folder, content, settings, notices):
    assert encode(folder, content, **settings).notices == notices


@pytest.mark.parametrize("content", ["", "a", "\ufeff", "\ufeffa"])
def test_too_short_a_text(tmp_path, content):
    count = len(content.strip("\ufeff"))
    with pytest.raises(CorpusError, match=f"the text has {count} character.*at least 2"):
        encode(tmp_path, content)
    assert list((tmp_path / "run").iterdir()) == []


def test_progress_runs_over_both_passes(folder):
    done = []
    encode_corpus(write(folder, TEXT), Config(), folder / "run", progress=lambda *now: done.append(now))
    assert done == [(len(TEXT), 2 * len(TEXT)), (2 * len(TEXT), 2 * len(TEXT))]
    done.clear()
    encode_corpus(write(folder, TEXT), Config(bytes=True), folder / "run", progress=lambda *now: done.append(now))
    assert done == [(len(TEXT), len(TEXT))]


def test_a_file_that_changes_between_the_passes(tmp_path, monkeypatch):
    vocabulary_of = module.vocabulary_of

    def read_and_change(*args):
        vocabulary = vocabulary_of(*args)
        write(tmp_path, TEXT + "more")
        return vocabulary

    monkeypatch.setattr(module, "vocabulary_of", read_and_change)
    with pytest.raises(CorpusError, match="the text changed while it was read"):
        encode(tmp_path, TEXT)
    assert list((tmp_path / "run").iterdir()) == []


def test_a_full_disk(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / f".tokens.bin.{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"tokens\.bin cannot be written: No space left"):
        encode(tmp_path, TEXT)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        encode(tmp_path, TEXT)


def test_a_failed_encoding_keeps_the_last_one(tmp_path):
    tokens = encode(tmp_path, TEXT)
    with pytest.raises(CorpusError):
        encode(tmp_path, "a")
    assert texts(load_tokens(tmp_path / "run", tokens.vocabulary)) == texts(tokens)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=9), st.sampled_from(SPLITS))
def test_loading_gives_what_was_encoded(folder, text, how):
    tokens = encode(folder, text, split=how, batch_size=2)
    loaded = load_tokens(folder / "run", tokens.vocabulary)
    assert texts(loaded) == texts(tokens)
    assert (loaded.sha256, loaded.size, loaded.notices) == (tokens.sha256, tokens.size, ())


def spoil_length(run):
    with (run / "tokens.bin").open("ab") as file:
        file.write(b"x")


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_length,
        lambda run: (run / "tokens.bin").unlink(),
        lambda run: (run / "tokens.bin").write_bytes(b""),
        lambda run: (run / "tokens.json").unlink(),
        lambda run: (run / "tokens.json").write_text("{"),
        lambda run: (run / "tokens.json").write_text("[]"),
        lambda run: (run / "tokens.json").write_text(json.dumps({"lengths": [95, 0, 0]})),
    ],
)
def test_a_spoiled_cache_is_not_loaded(tmp_path, spoil):
    tokens = encode(tmp_path, TEXT)
    assert load_tokens(tmp_path / "run", tokens.vocabulary) is not None
    spoil(tmp_path / "run")
    assert load_tokens(tmp_path / "run", tokens.vocabulary) is None


def test_old_facts_are_never_beside_new_ids(tmp_path):
    tokens = encode(tmp_path, TEXT)
    (tmp_path / "run" / f".tokens.json.{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left"):
        encode(tmp_path, TEXT[::-1])
    assert load_tokens(tmp_path / "run", tokens.vocabulary) is None


def test_a_cache_of_wider_ids_is_not_loaded(tmp_path):
    encode(tmp_path, TEXT)
    assert load_tokens(tmp_path / "run", Vocabulary("".join(map(chr, range(300))))) is None
