"""Sampled and held-out texts, and their figures."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from charrnn.errors import CorpusError
from charrnn.evaluation.quality.report import draw, held_out, judge, measure
from charrnn.runs.model import open_model
from charrnn.sampling.sampler import Filter
from charrnn.text.tokens import load_tokens
from tests.conftest import train

NEWLINE, NOTHING = np.frombuffer(b"\n", np.uint8), np.empty(0, np.uint8)


@pytest.fixture
def model(runs):
    return open_model("words", device="cpu", kernel="numpy")


def test_the_text_itself_is_all_copied(model):
    tokens = load_tokens(model.path.parent, model.vocabulary)
    figures = measure([tokens.train[:80]], tokens, as_list=True)
    assert figures.known_words == figures.copied[10] == figures.copied[50] == figures.lines.copied == 1
    assert figures.longest_copy == figures.chars == 80
    assert figures.lines.new == 0


def test_the_same_seed_draws_the_same_texts(model):
    first, second = (draw(model, Filter(), count=3, length=40, seed=5) for _ in range(2))
    assert np.array_equal(first, second)
    assert len(first) == 3 and all(len(text) == 40 for text in first)
    assert not np.array_equal(first, draw(model, Filter(), count=3, length=40, seed=6))


def test_held_out_pieces_are_as_long_and_begin_with_a_line():
    val = np.frombuffer(b"tail\n" + b"first\nsecond\n" * 20, np.uint8)
    pieces = held_out(val, 5, 20, NEWLINE)
    assert len(pieces) == 5
    assert all(piece.tobytes().startswith((b"first", b"second")) for piece in pieces)
    assert all(len(piece) == 20 for piece in pieces[:-1])
    assert len(held_out(val, 50, 100, NEWLINE)) == 2
    assert [len(piece) for piece in held_out(val, 5, 1000, NOTHING)] == [len(val)]
    assert [piece.tobytes() for piece in held_out(val[:5], 5, 1000, NEWLINE)] == [b"tail\n"]
    assert held_out(val[:0], 5, 20, NOTHING) == []


def test_held_out_pieces_begin_with_a_record():
    val = np.frombuffer(b"tail\n\n" + b"first\nx\n\nsecond\ny\n\n" * 20, np.uint8)
    pieces = held_out(val, 5, 30, np.frombuffer(b"\n\n", np.uint8))
    assert len(pieces) == 5
    assert all(piece.tobytes().startswith((b"first", b"second")) for piece in pieces)


def test_texts_hold_whole_records_even_if_these_are_long(tmp_path):
    Path("long.txt").write_text("\x1e".join(["ab" * 700] * 9) + "\x1e")
    train("long.txt", "runs/long", steps=1, separator="\x1e", val_fraction=0.5)
    report = judge(open_model("long", device="cpu", kernel="numpy"), Filter(), count=1, seed=1)
    assert report.held_out.chars > 2 * 1400
    assert report.held_out.records.count >= 1


def test_drawn_texts_begin_with_a_record(pairs):
    model = open_model("pairs", device="cpu", kernel="numpy")
    texts = [model.vocabulary.decode(ids) for ids in draw(model, Filter(0.3), count=8, length=20, seed=1)]
    assert all(text.startswith("+") for text in texts)


def test_records_held_out_as_different_ones_are_not_called_new(pairs):
    model = open_model("pairs", device="cpu", kernel="numpy")
    unique = replace(model, config=model.config.replace(split="unique-lines"))
    report = judge(unique, Filter(), count=2, length=60, seed=1)
    assert report.held_out.records.new is report.held_out.records.copied is None
    assert report.held_out.lines is None and report.held_out.known_words is not None
    assert report.drawn.records.new is not None


def test_held_out_pieces_do_not_overlap():
    val = np.frombuffer("".join(f"{number:02}\n" * (number % 3 + 1) for number in range(100)).encode(), np.uint8)
    for count, length in ((50, 100), (20, 30), (6, 100)):
        pieces = held_out(val, count, length, NEWLINE)
        assert not any(np.shares_memory(*pair) for pair in combinations(pieces, 2))


def test_lines_that_were_held_out_as_different_ones_are_not_called_new(model):
    unique = replace(model, config=model.config.replace(split="unique-lines"))
    report = judge(unique, Filter(), count=3, length=40, seed=1)
    assert report.held_out.known_words is report.held_out.lines.new is report.held_out.lines.copied is None
    assert report.held_out.lines.repeated is not None and report.drawn.lines.new is not None


@pytest.mark.parametrize(("count", "length"), [(3, 10), (10, 100), (20, 1000), (1, 1000)])
def test_no_more_is_sampled_than_is_held_out(model, count, length):
    report = judge(model, Filter(), count=count, length=length, seed=1)
    assert (report.drawn.texts, report.drawn.chars) == (report.held_out.texts, report.held_out.chars)
    assert 0 < report.drawn.texts <= count
    whole = draw(model, Filter(), count=report.drawn.texts, length=length, seed=1)
    assert report.drawn.copy in model.vocabulary.decode(np.concatenate(whole))


def test_copies_of_blanks_alone_are_neither_counted_nor_shown(model):
    tokens = load_tokens(model.path.parent, model.vocabulary)
    blank, text = np.full(30, model.vocabulary.newline, np.uint8), model.vocabulary.encode("cat\ntea\n")
    learned = replace(tokens, parts=tokens.parts._replace(train=np.concatenate([blank, text, blank])))
    figures = measure([np.concatenate([blank, text[4:6]])], learned, as_list=False)
    assert figures.copied[20] == 0
    assert (figures.copy, figures.longest_copy) == ("\nte", 3)


def test_a_model_of_words_samples_known_words(model):
    report = judge(model, Filter(), count=10, length=100, seed=1)
    assert report.drawn.lines is None
    assert 0 < report.drawn.known_words <= 1
    assert report.held_out.known_words == 1
    assert report.drawn.brackets is None


def test_bytes_are_judged(runs):
    report = judge(open_model("raw", device="cpu", kernel="numpy"), Filter(), count=2, length=60, seed=1)
    assert 0 < report.drawn.longest_copy <= 60


def test_without_its_text_nothing_can_be_judged(model):
    Path("runs/words/tokens.bin").unlink()
    with pytest.raises(CorpusError, match="charrnn train --resume --run runs/words reads it again"):
        judge(model, Filter(), count=1, length=10, seed=1)
