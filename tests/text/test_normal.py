"""Normal forms of a text that is read in blocks."""

import sys
from itertools import pairwise
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.config import Config
from charrnn.text.characters.normal import FORMS, composed, in_form, joins, with_form
from charrnn.text.files.source import Source
from charrnn.text.reading.configured import characters
from charrnn.text.reading.reader import Reader

# Letters, accents, Korean syllables and their parts, Indic vowels, a singleton, and marks that change places.
TRICKY = (
    "ae\u00e9\u1ec7\u0301\u0323\u0302\u0344\u0345\uac00\uac01\u1100\u1161\u11a8\u11a7"
    "\u09c7\u09be\u09d7\u0f73\u212b\n \u0958\u093c\u0915😀"
)
text = st.text(st.sampled_from(TRICKY) | st.characters(exclude_categories=["Cs"]))


def blocks_of(text, cuts):
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("form", FORMS)
@given(text=text, cuts=st.lists(st.integers(0, 1000)))
def test_blocks_together_are_the_normal_form_of_the_whole(form, text, cuts):
    found = list(with_form(blocks_of(text, cuts), form))
    assert "".join(found) == normalize(FORMS[form], text)
    assert all(found)
    assert in_form(text, form) == normalize(FORMS[form], text)


@pytest.mark.parametrize("form", FORMS)
@given(texts=st.lists(text, min_size=1, max_size=4), block_size=st.integers(1, 5))
@example(texts=["\r\n0", "0"], block_size=1)
def test_files_together_are_the_normal_form_of_the_whole(tmp_path_factory, form, texts, block_size):
    folder = tmp_path_factory.mktemp("files")
    files = tuple(folder / str(number) for number in range(len(texts)))
    for file, each in zip(files, texts, strict=True):
        file.write_bytes(each.encode())
    source = Source("text", files)
    plain = "".join(characters(Reader(source), Config()))
    reader = Reader(source, block_size=block_size)
    found = "".join(characters(reader, Config(normalize=form)))
    assert found == normalize(FORMS[form], plain)
    assert reader.ends[-1] == len(found)


def test_every_character_that_composes_with_the_one_before_it_joins():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if not 0xD800 <= code < 0xE000 and len(parts := normalize("NFD", character)) > 1 and not joins(character):
            assert all(joins(part) for part in parts[1:]), hex(code)
            assert composed(character)


def test_a_text_without_an_end_of_a_character_is_not_cut():
    marks = ["e", *["\u0301\u0323"] * 50]
    assert "".join(with_form(marks, "nfc")) == normalize("NFC", "".join(marks))
    assert list(with_form([], "nfc")) == []
