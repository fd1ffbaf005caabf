"""Words, lines and brackets of texts, and what counts as code."""

import argparse
import dataclasses
import inspect
import json
import pathlib
import textwrap

import numpy as np
import pytest

from charrnn.evaluation.quality.language import (
    RecordCounts,
    count_records,
    distinct,
    is_code,
    paired_brackets,
    present,
    records_of,
    words_of,
)
from charrnn.text import known_records
from charrnn.text.vocabulary import Vocabulary


def test_words_without_the_one_that_is_cut_off():
    assert words_of("Don't stop_it, l’été 42 na") == ["Don't", "stop_it", "l’été", "42"]
    assert words_of("") == []


def test_lines_without_the_one_that_is_cut_off():
    assert records_of("anna\n\nberta\ncar", "\n") == ["anna", "berta"]


def test_records_without_the_one_that_is_cut_off():
    assert records_of("a\nb\n\nc\n\n\nd\n", "\n\n") == ["a\nb", "c"]
    assert records_of("x%%y%%%%z", "%%") == ["x", "y"]


@pytest.mark.parametrize("piece", [1, 4, 1 << 22])
def test_words_and_lines_that_are_present(monkeypatch, piece):
    monkeypatch.setattr(known_records, "IDS_AT_ONCE", piece)
    vocabulary = Vocabulary("\n abcdeno")
    ids = vocabulary.encode("and one\nabe\nbo")
    words, lines = present(ids, vocabulary, {"one", "on", "bo", "abe"}, {"abe", "one", "bo", "and one"})
    assert words == {"one", "bo", "abe"}
    assert lines == {"abe", "bo", "and one"}


def test_bytes_are_read_as_utf_8(monkeypatch):
    monkeypatch.setattr(known_records, "IDS_AT_ONCE", 1)
    ids = np.frombuffer("é €\n".encode(), np.uint8)
    assert present(ids, Vocabulary(None), {"é"}, {"é €"}) == ({"é"}, {"é €"})


def test_distinct_runs_of_words():
    assert distinct([["a", "b", "a"], ["a"]], 1) == 0.5
    assert distinct([["a", "b", "a", "b"], ["b", "a"]], 2) == 0.5
    assert distinct([["a"]], 2) is None


def test_lines_are_new_repeated_or_copied():
    assert count_records(["x", "old", "x", "old"], {"old"}) == RecordCounts(4, 0.25, 0.5, 0.5)
    assert count_records([], {"old"}) == RecordCounts(0, None, None, None)


def test_brackets():
    assert paired_brackets(["if (a[0]) { f(); }"]) == 1
    assert paired_brackets(["f(;}", "{"]) == 0
    assert paired_brackets(["{ f( ; }"]) == pytest.approx(2 / 3)
    assert paired_brackets(["plain"]) is None


PYTHON = """def plural(count, thing):
    if count == 1:
        return f"1 {thing}"
    return f"{count} {thing}" + "s" * (len(thing) > 0)
"""
PLAY = (
    """  HAMLET (aside). A little more than kin, and less than kind.
  KING. How is it that the clouds still hang on you?
  HAMLET. Not so, my lord; I am too much i' the sun. [Exit.]
"""
    * 9
)
NOTES = "(a) One (the first).\n(b) Two [the second].\n(c) Three (or four).\n"
FOOTNOTES = "The mill was built in 1790[1] and burned down twice[2]; its owner then left the town for good[3].\n"


@pytest.mark.parametrize("text", ["int main() { return 0; }", PYTHON, PYTHON.replace("{", "").replace("}", "")])
def test_code_has_braces_or_calls(text):
    assert is_code(text)


@pytest.mark.parametrize("text", ["", "To be, or not to be; that is the question.", PLAY, NOTES, FOOTNOTES])
def test_prose_with_brackets_is_not_code(text):
    assert not is_code(text)


def test_modules_of_python_are_code():
    for module in (argparse, dataclasses, json, pathlib, textwrap):
        assert is_code(inspect.getsource(module)), module.__name__
