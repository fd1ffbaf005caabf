"""Held-out text that is learned word for word."""

import random

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.text.about import repetition as module
from charrnn.text.about.repetition import STRETCH, Repetition, notice, repetition


def ids(rng, number, dtype=np.uint8):
    return rng.integers(0, 90, number).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("number", [20_000, 600_000])  # all stretches are looked at, or a few
def test_the_share_is_that_of_the_text_that_is_copied(dtype, number):
    rng = np.random.default_rng(1)
    train, new = ids(rng, number, dtype), ids(rng, number // 8, dtype)
    copied = train[number // 3 : number // 3 + number // 8]
    assert repetition(train, new).share == 0
    assert repetition(train, copied).share == 1
    half = repetition(train, np.concatenate([new, copied]))
    assert half.share == pytest.approx(0.5, abs=0.03)
    assert half.exact == (number == 20_000)


def test_a_copy_is_found_wherever_the_text_is_read_in_blocks(monkeypatch):
    monkeypatch.setattr(module, "_IDS_AT_ONCE", 1000)
    rng, released = np.random.default_rng(1), []
    train = ids(rng, 5000)
    assert repetition(train, train[700:1300], lambda: released.append(1)).share == 1
    assert len(released) == 6


def test_all_copied_stretches_are_as_long_as_they_should_be():
    rng = np.random.default_rng(1)
    train = ids(rng, 10_000)
    held_out = np.concatenate(
        [
            piece
            for start in range(0, 9000, 500)
            for piece in (train[start : start + STRETCH], ids(rng, 1) + 100, ids(rng, 100))
        ]
    )
    share = repetition(train, held_out).share
    assert share == pytest.approx(18 / (len(held_out) - STRETCH + 1))
    changed = np.where(np.arange(len(train)) % (STRETCH - 1), train, 99)  # no stretch is without a change
    assert repetition(train, changed).share == 0


@pytest.mark.parametrize("text", [" " * 2000, "\n\n    \n" * 400, ("-" * 78 + "\n") * 30, ("+" * 40 + "\n") * 60])
def test_blanks_and_rules_say_nothing(text):
    assert repetition(*[np.frombuffer(text.encode(), np.uint8)] * 2) is None


@pytest.mark.parametrize(("train", "held_out"), [(0, 0), (0, 1000), (1000, 0), (10, 1000), (1000, 49), (1000, 60)])
def test_short_parts(train, held_out):
    rng = np.random.default_rng(1)
    found = repetition(ids(rng, train), ids(rng, held_out))
    assert found == (Repetition(0.0, exact=True) if held_out == 1000 else None)


def test_licenses_are_not_much_but_copies_are():
    rng = random.Random(1)
    license_ = "".join(rng.choice("abcdefgh \n") for _ in range(400))
    files = ["".join(rng.choice("abcdefgh \n") for _ in range(6000)) for _ in range(20)]
    text = np.frombuffer("".join(license_ + file for file in files).encode(), np.uint8)
    found = repetition(text[:-12_800], text[-12_800:])
    assert 0.03 < found.share < 0.1 and not found.much
    assert repetition(np.concatenate([text, text[-6400:]]), text[-12_800:]).much


def test_notices_have_the_share():
    assert notice(Repetition(0.384, exact=True), Config()).startswith(
        "38% of the held-out text is also in the training"
    )
    assert notice(Repetition(1.0, exact=False), Config(val="v.txt")).startswith("about 100% of --val v.txt is also")
