"""The parts of a text in its file of ids: train, val, test, with files of their own or held out, by every split."""

import errno
import os
import tracemalloc
from collections import Counter, deque
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest

from charrnn.config import LISTS, SPLITS, Config
from charrnn.errors import StorageError
from charrnn.text import tokens
from charrnn.text.files.source import Source
from charrnn.text.parts import large_split, split
from charrnn.text.parts.buckets import Buckets
from charrnn.text.streams.orders import Orders
from charrnn.text.tokens import Tokens, encode_corpus, load_tokens


def lines(letter: str, number: int) -> str:
    return "".join(f"{letter}{index:03}\n" for index in range(number))


@pytest.fixture
def source(tmp_path) -> Source:
    """Two files to learn, and one of its own for each other part; the last line of each lacks its newline."""
    files = {letter: tmp_path / f"{letter}.txt" for letter in "abvt"}
    for letter, file in files.items():
        file.write_text(lines(letter, 200 if letter in "ab" else 20).removesuffix("\n"))
    return Source("text", (files["a"], files["b"]), description="the text", val=(files["v"],), test=(files["t"],))


def encode(source: Source, folder: Path, own: str, **settings) -> Tokens:
    """Encode the source with only those of its own files that are named in `own`."""
    source = Source("text", source.files, val=source.val * ("val" in own), test=source.test * ("test" in own))
    return encode_corpus(source, Config(batch_size=4, **settings), folder)


def texts(tokens: Tokens) -> list[str]:
    return [tokens.vocabulary.decode(part) for part in tokens.parts]


@pytest.mark.parametrize("how", SPLITS)
@pytest.mark.parametrize("separator", ["", "\n"])
@pytest.mark.parametrize("own", ["", "val", "test", "val test"])
@pytest.mark.parametrize("fractions", [(0.1, 0.2), (0.1, 0.0), (0.0, 0.2)])
def test_own_files_are_taken_as_they_are(tmp_path, source, how, separator, own, fractions):
    settings = {"split": how, "separator": separator, "val_fraction": fractions[0], "test_fraction": fractions[1]}
    found = encode(source, tmp_path / "run", own, **settings)
    train, *others = texts(found)
    for part, name, fraction in zip(others, ("val", "test"), fractions, strict=True):
        letter = name[0]
        if name in own:
            assert part == lines(letter, 20).removesuffix("" if separator else "\n")
            continue
        assert letter not in train and set(part) <= set("ab0123456789\n")
        assert len(part) == pytest.approx(2000 * fraction, abs=30)
    learned = Counter(train + "".join(part for part in others if "v" not in part and "t" not in part))
    assert (learned["a"], learned["b"]) == (200, 200)
    assert set(train) == set("ab0123456789\n")
    assert texts(load_tokens(tmp_path / "run", found.vocabulary)) == texts(found)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["tokens.bin", "tokens.json"]


@pytest.mark.parametrize("how", SPLITS)
@pytest.mark.parametrize("own", ["", "val", "val test"])
def test_weights_repeat_only_what_is_learned(tmp_path, monkeypatch, source, how, own):
    settings = {"split": how, "val_fraction": 0.2}
    train, *others = texts(encode(source, tmp_path / "once", own, **settings))
    monkeypatch.setattr(tokens, "weights_of", lambda source, config: (1, 3))
    again, *same = texts(encode(source, tmp_path / "often", own, **settings))
    assert same == others
    assert (again.count("a"), again.count("b")) == (train.count("a"), 3 * train.count("b"))


@pytest.mark.parametrize("separator", ["\n", "99\n", "\n\n"])
@pytest.mark.parametrize("how", ["contiguous", "blocks"])
def test_the_last_record_gets_what_its_separator_lacks(tmp_path, source, how, separator):
    train, val, test = texts(encode(source, tmp_path / "run", "test", split=how, separator=separator))
    lacking = {"\n": "\n", "99\n": "\n", "\n\n": "\n\n"}[separator]
    whole = lines("a", 200) + lacking[1:] + lines("b", 200)[:-1] + lacking
    assert sorted(train + val) == sorted(whole) and train.endswith(separator)
    assert test == lines("t", 20)[:-1] + {"99\n": "9\n"}.get(separator, separator)


def test_repeated_lines_do_not_run_into_each_other(tmp_path, monkeypatch, source):
    monkeypatch.setattr(tokens, "weights_of", lambda source, config: (1, 3))
    train, *_ = texts(encode(source, tmp_path / "run", "val", weight="b.txt=3"))
    assert train == lines("a", 200) + 3 * lines("b", 200)


def test_a_contiguous_text_is_not_written_again(tmp_path, monkeypatch, source):
    monkeypatch.setattr("charrnn.text.tokens.shutil.copyfileobj", lambda *_: pytest.fail("it was"))
    for number, own in enumerate(["", "val", "test", "val test"]):
        encode(source, tmp_path / str(number), own)


@pytest.mark.parametrize("how", LISTS)
def test_temporary_files_are_gone_after_an_error(tmp_path, monkeypatch, source, how):
    monkeypatch.setattr(split, "LARGE_LIST", 0)
    monkeypatch.setattr(Buckets, "read", raise_no_space)
    with pytest.raises(StorageError, match="No space left"):
        encode(source, tmp_path / "run", "", split=how)
    assert not list((tmp_path / "run").iterdir())


def raise_no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("how", LISTS)
def test_memory_does_not_grow_with_the_list(monkeypatch, how):
    monkeypatch.setattr(split, "LARGE_LIST", 0)
    monkeypatch.setattr(large_split, "BLOCK_IDS", 1 << 15)
    monkeypatch.setattr(large_split, "BUCKET_IDS", 1 << 15)
    monkeypatch.setattr("charrnn.text.streams.orders.MOST_PIECES", 1 << 12)
    newline = np.array([10], np.uint8)

    def peak(number: int) -> int:
        ids = np.frombuffer("".join(f"{index}\n" for index in range(10**6, 10**6 + number)).encode(), np.uint8)
        tracemalloc.start()
        with TemporaryFile() as scratch:
            for part in split.split(ids, Config(split=how), newline, (0.1, 0.1), scratch=scratch):
                deque(part.blocks(), maxlen=0)
        deque(Orders(ids, newline, seed=1).of(1).blocks(), maxlen=0)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(250_000) < 1.2 * peak(80_000)
