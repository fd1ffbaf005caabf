"""Records and lines are found in an encoded text in one pass, and are those that looking up one by one finds."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.text import known_records as module
from charrnn.text.known_records import (
    after_run,
    before_text,
    known_records,
    occurs,
    record_end,
    split_at,
    whole_records,
)
from charrnn.text.source import Source
from charrnn.text.tokens import Tokens, encode_corpus
from charrnn.text.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("known_records")


def encode(folder: Path, content: str | bytes, base: Vocabulary | None = None, **settings) -> Tokens:
    file = folder / "text.txt"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    source = Source("text", (file,), description="the text")
    return encode_corpus(source, Config(**settings), folder / "run", base=base)


def is_line(tokens: Tokens, line: str) -> bool:
    """Whether the ids of `line` are those between two newlines, or a newline and the border of a part."""
    newline = tokens.vocabulary.newline
    try:
        wanted = tokens.vocabulary.encode(line).tolist()
    except CorpusError:
        return False
    for part in tokens.parts:
        ends = [-1, *np.flatnonzero(part == newline).tolist(), len(part)]
        lines = [part[before + 1 : end].tolist() for before, end in pairwise(ends)]
        if wanted in (lines if lines[-1] else lines[:-1]):  # nothing follows a last newline
            return True
    return False


@given(
    st.text("ab\nĀ", min_size=4, max_size=40),
    st.sets(st.text("abĀx", max_size=4), max_size=9),
    st.booleans(),
    st.sampled_from([0.0, 0.3]),
    st.integers(1, 9),
)
def test_one_pass_finds_what_looking_up_each_line_finds(folder, text, lines, wide, held_out, block):
    more = "".join(map(chr, range(0x101, 0x101 + 300))) if wide else ""  # makes ids of two bytes
    tokens = encode(folder, text + "\n", base=Vocabulary("\n" + more + "ab"), val_fraction=held_out)
    lines = lines | set(text.split("\n"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IDS_AT_ONCE", block)
        assert known_records(tokens, lines) == {line for line in lines if is_line(tokens, line)}
        for line in lines:
            assert known_records(tokens, {line}) == ({line} if is_line(tokens, line) else set())


@given(
    st.lists(st.sampled_from([b"\n", b"a", "é".encode(), "€".encode(), b"\xe2", b"\x82", b"\xff"]), min_size=3),
    st.sampled_from([0.0, 0.3]),
    st.integers(1, 9),
)
def test_lines_of_bytes_that_may_not_be_utf_8(folder, symbols, held_out, block):
    content = b"".join(symbols)
    tokens = encode(folder, content, bytes=True, val_fraction=held_out)
    lines = {line.decode("utf-8", "surrogateescape") for line in content.split(b"\n")} | {"a", "é", "\udcff"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IDS_AT_ONCE", block)
        assert known_records(tokens, lines) == {line for line in lines if is_line(tokens, line)}


@pytest.mark.parametrize("block", [1, 3, 4, 5, 1 << 20])
def test_lines_at_the_beginning_the_end_and_block_borders(folder, monkeypatch, block):
    monkeypatch.setattr(module, "IDS_AT_ONCE", block)
    tokens = encode(folder, "one\ntwo\n\nfour\nend", val_fraction=0.0)
    asked = {"one", "two", "", "four", "end", "on", "wo", "fourend", "five"}
    assert known_records(tokens, asked) == {"one", "two", "", "four", "end"}
    assert known_records(encode(folder, "one\ntwo\n", val_fraction=0.0), {"", "two"}) == {"two"}


def test_a_text_without_line_ends_has_no_lines(folder):
    assert known_records(encode(folder, "no line end", val_fraction=0.0), {"no line end"}) == set()
    assert known_records(encode(folder, "one\ntwo\n"), set()) == set()


@pytest.mark.parametrize("lines", [1, 60])
def test_the_text_is_read_once_for_any_number_of_lines(folder, monkeypatch, lines):
    tokens = encode(folder, "one two\nthree\n" * 20, val_fraction=0.0)
    monkeypatch.setattr(module, "IDS_AT_ONCE", 100)
    read = []
    decode = module.Vocabulary.decode
    monkeypatch.setattr(module.Vocabulary, "decode", lambda self, ids: read.append(len(ids)) or decode(self, ids))
    assert known_records(tokens, {"three", *map(str, range(lines))}) == {"three"}
    assert sum(read) == len(tokens.train)
    assert max(read) == 100


def test_a_record_longer_than_any_that_is_wanted_is_not_held(monkeypatch):
    monkeypatch.setattr(module, "IDS_AT_ONCE", 10)
    vocabulary = Vocabulary("\nab")
    for end in ("\n", "\n\n"):
        ids = vocabulary.encode(f"b{end}" + "a" * 995 + f"{end}ab{end}a")
        found = list(whole_records(ids, vocabulary, end, longest=2))
        assert [record for some in found for record in some if len(record) <= 2] == ["b", "ab", "a"]
        assert max(len(record) for some in found for record in some) <= 2 + len(end) + 10


@given(
    st.lists(st.sampled_from(["", "a", "ab", "a\nb", "\n", "ab%", "%"]), min_size=2, max_size=12),
    st.sampled_from(["\n\n", "%%", "\n%\n", "a"]),
    st.integers(1, 7),
    st.sampled_from([1, 3, None]),
)
def test_records_are_those_that_splitting_the_whole_text_gives(records, end, block, longest):
    text = end.join(records)
    vocabulary = Vocabulary("\n%ab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IDS_AT_ONCE", block)
        found = [
            each for some in whole_records(vocabulary.encode(text), vocabulary, end, longest=longest) for each in some
        ]
    expected = [after_run(record, end) for record in text.split(end)]

    def short(each):
        return 0 < len(each) <= (longest or 99)

    assert list(filter(short, found)) == list(filter(short, expected))


def test_records_of_several_lines_are_found(folder):
    tokens = encode(folder, "a\nb\n\nc\n\nd\ne\n\n", val_fraction=0.0)
    assert known_records(tokens, {"a\nb", "c", "d\ne", "e", "b"}, "\n\n") == {"a\nb", "c", "d\ne"}
    assert known_records(tokens, {"a"}, "%%") == set()


@pytest.mark.parametrize("wide", [False, True])
def test_a_text_occurs_only_at_the_border_of_ids(folder, wide):
    more = "".join(map(chr, range(0x101, 0x101 + 300))) if wide else ""
    tokens = encode(folder, "ab\nab\n", base=Vocabulary("\n" + more + "ab"), val_fraction=0.3)
    assert occurs(tokens, "b\na") and occurs(tokens, "ab") and occurs(tokens, "\n")
    assert not occurs(tokens, "ba") and not occurs(tokens, "x") and not occurs(tokens, "\n\n")


def test_what_ends_a_record_and_precedes_a_text():
    vocabulary = Vocabulary("\n%a")
    cases = [
        ({}, "", [0]),
        ({"split": "unique-lines"}, "\n", [0]),
        ({"separator": "%\n"}, "%\n", [1, 0]),
        ({"separator": "%\n", "split": "unique-lines"}, "%\n", [1, 0]),
    ]
    for settings, end, before in cases:
        config = Config(**settings)
        assert record_end(config, vocabulary) == end
        assert before_text(config, vocabulary).tolist() == before
    assert record_end(Config(split="lines"), Vocabulary("ab")) == ""


@pytest.mark.parametrize(
    ("record", "end", "rest"),
    [
        ("a", "\n\n", "a"),
        ("\n\na", "\n\n", "a"),
        ("%\na", "\n%\n", "a"),
        ("\n%a", "\n%\n", "\n%a"),
        ("%%", "%%", ""),
    ],
)
def test_separators_that_overlap_are_one(record, end, rest):
    assert after_run(record, end) == rest
    vocabulary = Vocabulary("\n%ax")
    ids = vocabulary.encode(f"x{end}{record}{end}")
    found = [vocabulary.decode(each) for each in split_at(ids, vocabulary.encode(end)) if len(each)]
    assert found == [each for each in ("x", rest) if each]
