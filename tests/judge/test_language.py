"""Words, lines and brackets of texts."""

import numpy as np
import pytest

from charrnn.corpus.tokenizer import Vocabulary
from charrnn.judge import language
from charrnn.judge.language import (
    Lines,
    count_lines,
    distinct,
    is_code,
    lines_of,
    paired_brackets,
    present,
    words_of,
)


def test_words_without_the_one_that_is_cut_off():
    assert words_of("Don't stop_it, l’été 42 na") == ["Don't", "stop_it", "l’été", "42"]
    assert words_of("") == []


def test_lines_without_the_one_that_is_cut_off():
    assert lines_of("anna\n\nberta\ncar") == ["anna", "berta"]


@pytest.mark.parametrize("piece", [1, 4, 1 << 22])
def test_words_and_lines_that_are_present(monkeypatch, piece):
    monkeypatch.setattr(language, "_PIECE", piece)
    vocabulary = Vocabulary("\n abcdeno")
    ids = vocabulary.encode("and one\nabe\nbo")
    words, lines = present(ids, vocabulary, {"one", "on", "bo", "abe"}, {"abe", "one", "bo", "and one"})
    assert words == {"one", "bo", "abe"}
    assert lines == {"abe", "bo", "and one"}


def test_bytes_are_read_as_utf_8(monkeypatch):
    monkeypatch.setattr(language, "_PIECE", 1)
    ids = np.frombuffer("é €\n".encode(), np.uint8)
    assert present(ids, Vocabulary(None), {"é"}, {"é €"}) == ({"é"}, {"é €"})


def test_distinct_runs_of_words():
    assert distinct([["a", "b", "a"], ["a"]], 1) == 0.5
    assert distinct([["a", "b", "a", "b"], ["b", "a"]], 2) == 0.5
    assert distinct([["a"]], 2) is None


def test_lines_are_new_repeated_or_copied():
    assert count_lines(["x", "old", "x", "old"], {"old"}) == Lines(4, 0.25, 0.5, 0.5)
    assert count_lines([], {"old"}) == Lines(0, None, None, None)


def test_brackets():
    assert paired_brackets(["if (a[0]) { f(); }"]) == 1
    assert paired_brackets(["f(;}", "{"]) == 0
    assert paired_brackets(["{ f( ; }"]) == pytest.approx(2 / 3)
    assert paired_brackets(["plain"]) is None


def test_code_has_braces():
    assert is_code("int main() { return 0; }")
    assert not is_code("To be, or not to be; that is the question.")
    assert not is_code("")
