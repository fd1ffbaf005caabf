"""Characters and bytes as ids, and back."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.text.vocabulary import Vocabulary, count_characters, raw, readable

BYTES = Vocabulary(None)
ABC = Vocabulary("\n ?abc")


@given(st.text())
def test_decode_gives_back_what_was_encoded(text):
    vocabulary = Vocabulary("".join(count_characters([text])))
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == vocabulary.decode(ids.tolist()) == text
    assert ids.dtype == vocabulary.dtype
    assert BYTES.decode(BYTES.encode(text)) == text


@given(st.binary())
def test_bytes_are_their_own_ids(content):
    ids = BYTES.encode(content)
    assert ids.dtype == np.uint8
    assert ids.tolist() == list(content)
    assert BYTES.decode(ids) == content.decode("utf-8", "replace")


@given(st.lists(st.text(max_size=5)))
def test_characters_are_counted_and_sorted(pieces):
    whole = "".join(pieces)
    assert list(count_characters(pieces).items()) == sorted(Counter(whole).items())


@pytest.mark.parametrize(
    ("size", "dtype"),
    [(1, np.uint8), (255, np.uint8), (256, np.uint8), (257, np.uint16), (65536, np.uint16), (65537, np.uint32)],
)
def test_ids_are_as_narrow_as_the_vocabulary_allows(size, dtype):
    vocabulary = Vocabulary("".join(map(chr, range(0x10000, 0x10000 + size))))
    assert (vocabulary.size, vocabulary.dtype) == (size, dtype)
    ids = vocabulary.encode(vocabulary.characters)
    assert ids.dtype == dtype
    assert ids.tolist() == list(range(size))
    with pytest.raises(CorpusError, match="U\\+0061"):  # also where no id is left for 'unknown'
        vocabulary.encode("a")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("zab", r"'z' \(U\+007A\) at line 1, column 1 \(offset 0\)"),
        ("ab\nc😀", r"'😀' \(U\+1F600\) at line 2, column 2 \(offset 4\)"),
        ("ab\n\nä\n", r"'ä' \(U\+00E4\) at line 3, column 1 \(offset 4\)"),
        ("a\udcff", r"'\\udcff' \(U\+DCFF\) at line 1, column 2"),
    ],
)
def test_an_unseen_character_is_named_with_its_place(text, place):
    with pytest.raises(CorpusError, match=f"{place}.*--unknown skip or --unknown replace"):
        ABC.encode(text)


def test_unseen_characters_can_be_skipped_or_replaced():
    assert ABC.decode(ABC.encode("xaäb", unknown="skip")) == "ab"
    assert ABC.decode(ABC.encode("xaäb", unknown="replace")) == "?a?b"
    assert Vocabulary("? a").encode("x", unknown="replace").tolist() == [0]
    assert Vocabulary("\n a").encode("x", unknown="replace").tolist() == [1]
    assert Vocabulary("abc").encode("x", unknown="replace").tolist() == [0]
    assert ABC.encode("xyz", unknown="skip").tolist() == []


def test_bytes_of_an_argument_that_is_not_utf_8_come_back():
    assert BYTES.encode("a\udcff").tolist() == [97, 255]


@given(st.text(), st.text())
def test_extending_keeps_ids_and_adds_what_is_new_sorted(known, more):
    vocabulary = Vocabulary("".join(count_characters([known])))
    wider = vocabulary.extended(more)
    new = wider.characters.removeprefix(vocabulary.characters)
    assert wider.encode(known).tolist() == vocabulary.encode(known).tolist()
    assert new == "".join(sorted(set(more) - set(known)))
    assert wider.decode(wider.encode(more)) == more


def test_bytes_need_no_extending():
    assert BYTES.extended("ä") is BYTES


@given(st.text())
def test_a_vocabulary_survives_json(text):
    vocabulary = Vocabulary("".join(count_characters([text, "\0\U0010ffff"])))
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary
    assert Vocabulary.from_dict(json.loads(json.dumps(BYTES.to_dict()))) == BYTES


def test_half_a_surrogate_pair_is_not_a_symbol():
    with pytest.raises(CorpusError, match=r"U\+D800"):
        Vocabulary("a\ud800")


@given(st.text(), st.lists(st.integers(0, 60)))
def test_decoding_piece_by_piece_never_splits_a_character(text, cuts):
    for vocabulary in (BYTES, Vocabulary("".join(count_characters([text])))):
        decoder = vocabulary.decoder()
        pieces = [decoder.decode(ids) for ids in np.split(vocabulary.encode(text), sorted(cuts))]
        pieces.append(decoder.decode([], final=True))
        assert "".join(pieces) == text
        assert all(piece == "" or piece in text for piece in pieces)


def test_a_character_cut_off_at_the_end_is_shown():
    decoder = BYTES.decoder()
    assert decoder.decode([0xE3, 0x81]) == ""
    assert decoder.decode([], final=True) == "\ufffd"


@given(st.binary(), st.lists(st.integers(0, 60)))
def test_bytes_come_back_through_text(content, cuts):
    decoder = BYTES.decoder("surrogateescape")
    text = "".join(decoder.decode(ids) for ids in np.split(BYTES.encode(content), sorted(cuts)))
    text += decoder.decode([], final=True)
    assert raw(text) == content
    assert readable(text) == content.decode("utf-8", "replace")


def test_unseen_characters_are_counted():
    assert ABC.count_unseen("xaäb") == 2
    assert BYTES.count_unseen(b"x\xff") == 0


def test_newline_and_bytes():
    assert ABC.newline == 0
    assert Vocabulary("ab").newline is None
    assert BYTES.newline == 10
    assert Vocabulary("aä").raw([1, 0]) == "äa".encode()
    assert BYTES.raw([0xC3, 255, 97]) == b"\xc3\xffa"


def test_the_unknown_symbol():
    vocabulary = Vocabulary("\ufffdab?", has_unknown=True)
    assert (vocabulary.unknown, Vocabulary("\ufffdab").unknown, BYTES.unknown) == (0, None, None)
    assert vocabulary.encode("aÄ?字", unknown="replace").tolist() == [1, 0, 3, 0]
    assert Vocabulary("\ufffdab?").encode("aÄ", unknown="replace").tolist() == [1, 3]  # an ordinary character
    assert vocabulary.start == 1  # what begins a text could also be drawn
    assert Vocabulary("\ufffd", has_unknown=True).start == 0
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary
    assert Vocabulary.from_dict({"characters": "ab"}) == Vocabulary("ab")
    assert Vocabulary("ab").to_dict() == {"characters": "ab"}
