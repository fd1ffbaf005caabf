"""A text becomes ids in a file: both passes, the notices, and loading the file again."""

import errno
import hashlib
import json
import logging
import os
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import SPLITS, Config
from charrnn.errors import CorpusError, StorageError
from charrnn.text import tokens as module
from charrnn.text.files.source import Source
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
    vocabulary_from = module.vocabulary_from

    def read_and_change(*args):
        vocabulary = vocabulary_from(*args)
        write(tmp_path, TEXT + "more")
        return vocabulary

    monkeypatch.setattr(module, "vocabulary_from", read_and_change)
    with pytest.raises(CorpusError, match="the text changed while it was read"):
        encode(tmp_path, TEXT)
    assert list((tmp_path / "run").iterdir()) == []


def full_after(files, monkeypatch):
    """Let the disk be full once `files` files are written."""
    synced = count()

    def sync(*_):
        if next(synced) >= files:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("charrnn.files._sync", sync)


def test_a_full_disk(tmp_path, monkeypatch):
    full_after(0, monkeypatch)
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


def test_old_facts_are_never_beside_new_ids(tmp_path, monkeypatch):
    tokens = encode(tmp_path, TEXT)
    full_after(1, monkeypatch)
    with pytest.raises(StorageError, match="No space left"):
        encode(tmp_path, TEXT[::-1])
    assert load_tokens(tmp_path / "run", tokens.vocabulary) is None


def test_a_cache_of_wider_ids_is_not_loaded(tmp_path):
    encode(tmp_path, TEXT)
    assert load_tokens(tmp_path / "run", Vocabulary("".join(map(chr, range(300))))) is None


RARE = "aaaa bbbb\naaaa bbbb ÄÖ aaaa\n\ufffd"


@pytest.mark.parametrize("held_out", [0.0, 0.4])
def test_rare_characters_are_one_symbol(tmp_path, held_out):
    tokens = encode(tmp_path, RARE, vocab_min=3, val_fraction=held_out)
    assert tokens.vocabulary == Vocabulary("\ufffd\n ab", True)  # the line feed is rare too, but ends lines
    assert "".join(texts(tokens)) == "aaaa bbbb\naaaa bbbb \ufffd\ufffd aaaa\n\ufffd"
    rare = "2 of 7 characters occur fewer than 3 times (6.9% of the text) and become one unknown symbol"
    assert tokens.notices[0] == rare


def test_what_ends_records_and_files_is_kept(tmp_path):
    settings = {"separator": "%Ö", "between": "\x1e", "normalize": "nfd"}
    tokens = encode(tmp_path, RARE + "%Ö\x1e", vocab_min=50, val_fraction=0.0, **settings)
    assert tokens.vocabulary.characters == "\ufffd\n\x1e%O\u0308"


def test_without_rare_characters_there_is_no_unknown_symbol(tmp_path):
    tokens = encode(tmp_path, TEXT, vocab_min=3, val_fraction=0.0)
    assert tokens.vocabulary == Vocabulary("".join(sorted(set(TEXT))))
    assert tokens.notices == ("no character occurs fewer than 3 times: --vocab-min has no effect",)


def test_bytes_have_no_unknown_symbol(tmp_path):
    assert encode(tmp_path, RARE, vocab_min=3, bytes=True).vocabulary == Vocabulary(None)


@pytest.mark.parametrize(
    ("base", "least", "expected"),
    [
        (Vocabulary("\nab"), 3, Vocabulary("\nab\ufffd ", True)),
        (Vocabulary("\nabÄÖ\ufffd"), 3, Vocabulary("\nabÄÖ\ufffd ")),  # it knows the rare ones
        (Vocabulary("b\ufffdÖ"), 3, Vocabulary("b\ufffdÖ\n a", True)),
        (Vocabulary("\ufffd\na", True), 1, Vocabulary("\ufffd\na bÄÖ", True)),
        (Vocabulary("\nab"), 1, Vocabulary("\nab ÄÖ\ufffd")),
    ],
)
def test_the_vocabulary_of_a_model_that_learns_further(tmp_path, base, least, expected):
    tokens = encode(tmp_path, RARE, base, vocab_min=least)
    assert tokens.vocabulary == expected
    again = encode(tmp_path, RARE, tokens.vocabulary, vocab_min=least)  # as --resume reads a text that is gone
    assert again.vocabulary == expected
    np.testing.assert_array_equal(again.train, tokens.train)


def test_a_vocabulary_of_rare_characters_gets_a_suggestion(tmp_path):
    common = "".join(map(chr, range(0x4E00, 0x4E00 + 400))) * 5
    rare = "".join(map(chr, range(0x6E00, 0x6E00 + 700)))
    expected = "701 of 1,101 characters occur fewer than 5 times (26% of the text); --vocab-min 5 makes them one symbol"
    assert [each for each in encode(tmp_path, f"{common}\n{rare}").notices if each.startswith(expected)]
    assert len(encode(tmp_path, f"{common * 2}\n{rare[:300]}").notices) == 0
    assert encode(tmp_path, f"{common}\n{rare}", vocab_min=5).vocabulary.size == 402


MIXED = "accents are written in two ways, composed and decomposed; --normalize {} makes {} characters of {}"
COMBINATIONS = "".join(letter + mark for letter in "eou" for mark in "\u0300\u0301\u0302\u0303")


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("caf\u00e9 cafe\u0301 ", MIXED.format("nfc", 5, 7)),
        ("한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 ", MIXED.format("nfc", 4, 12)),
        ("\u304c \u304b\u3099 ", MIXED.format("nfc", 2, 4)),
        ("\u095c \u0921\u093c \u0917\u093c ", MIXED.format("nfc", 4, 5)),
        (COMBINATIONS + "\u00e9 ", MIXED.format("nfd", 8, 9)),
        ("caf\u00e9 na\u00efve ", None),
        ("cafe\u0301 nai\u0308ve ", None),
        ("آب أمل لُغَة ", None),  # marks that have no composed form
        ("plain ASCII ", None),
    ],
    ids=["French", "Korean", "Japanese", "Hindi", "nfd", "composed", "decomposed", "Arabic", "English"],
)
def test_accents_in_two_forms_get_a_suggestion_that_helps(tmp_path, text, notice):
    tokens = encode(tmp_path, text * 20)
    assert [each for each in tokens.notices if "accents" in each] == ([notice] if notice else [])
    if notice:
        form, size = notice.split("--normalize ")[1].split(" makes ")
        again = encode(tmp_path, text * 20, normalize=form)
        assert again.vocabulary.size == int(size.split()[0]) < tokens.vocabulary.size
        assert not any("accents" in each for each in again.notices)
