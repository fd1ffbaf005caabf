"""Every way to hold out parts of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn import config
from charrnn.config import SPLITS
from charrnn.text.split import split

FRACTIONS = st.floats(0, 0.9)
LISTS = st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "abc"]), max_size=20)


def parts(
    text: str, how: str, fraction: float, *, dtype=np.uint8, seed=1, batch_size=3, test_fraction=0.0
) -> tuple[str, ...]:
    ids = np.frombuffer(text.encode("ascii"), np.uint8).astype(dtype)
    newline = ord("\n") if "\n" in text else None
    found = split(ids, how, fraction, test_fraction, seed=seed, batch_size=batch_size, newline=newline)
    assert all(part.dtype == ids.dtype for part in found)
    texts = tuple(part.astype(np.uint8).tobytes().decode("ascii") for part in found)
    return texts if test_fraction else texts[:2]


@given(st.text("ab\n"), FRACTIONS)
def test_contiguous_holds_out_the_end(text, fraction):
    train, val = parts(text, "contiguous", fraction)
    assert train + val == text
    expected = round(len(text) * fraction)
    assert len(val) == (expected if expected >= 2 and len(text) - expected >= 2 else 0)


def test_contiguous_copies_nothing():
    ids = np.arange(100, dtype=np.uint8)
    found = split(ids, "contiguous", 0.1, 0.1, seed=1, batch_size=1, newline=10)
    assert all(np.shares_memory(ids, part) for part in found)


@given(LISTS, FRACTIONS, st.sampled_from([np.uint8, np.uint16, np.uint32]), st.booleans())
def test_unique_lines_never_has_a_line_in_both_parts(lines, fraction, dtype, ended):
    text = "\n".join(lines) + "\n" * ended
    train, val = parts(text, "unique-lines", fraction, dtype=dtype)
    if not val:
        assert sorted(train.splitlines()) == sorted(text.splitlines())
        return
    assert train.endswith("\n") and val.endswith("\n")
    learned, held_out = train.splitlines(), val.splitlines()
    assert not set(learned) & set(held_out)
    assert set(learned) | set(held_out) == set(text.splitlines())
    assert len(held_out) == len(set(held_out)) == round(len(set(lines) - {""}) * fraction)
    assert sorted(learned) == sorted(line for line in text.splitlines() if line not in held_out)


def test_unique_lines_depend_on_the_seed_alone():
    text = "\n".join(map(str, range(100)))
    held_out = [parts(text, "unique-lines", 0.2, seed=seed)[1] for seed in (1, 1, 2)]
    assert held_out[0] == held_out[1] != held_out[2]


def test_unique_lines_are_shuffled_because_lists_are_often_sorted():
    text = "\n".join(map(str, range(100, 200)))
    for part in parts(text, "unique-lines", 0.4):
        assert part.splitlines() != sorted(part.splitlines())


def test_the_empty_line_is_never_held_out():
    train, val = parts("\n\na\n\nb\n\n", "unique-lines", 0.5)
    assert (sorted(train.splitlines()), val) in [(["", "", "", "", "a"], "b\n"), (["", "", "", "", "b"], "a\n")]


def test_a_text_without_line_ends_has_no_lines_to_hold_out():
    assert parts("abcdefgh", "unique-lines", 0.5) == ("abcdefgh", "")


def test_any_lines_can_be_held_out_as_in_makemore():
    train, val = parts("a\nb\na\nc\na\n\n", "lines", 0.4)
    assert sorted((train + val).splitlines()) == ["", "a", "a", "a", "b", "c"]
    assert len(val.splitlines()) == 2 and "" not in val.splitlines()


@pytest.mark.parametrize("how", SPLITS)
def test_a_test_part_is_held_out_beside_the_validation_part(how):
    text = "".join(f"{number}\n" for number in range(1000, 1100))
    train, val, test = parts(text, how, 0.2, test_fraction=0.1, batch_size=2)
    assert (len(train), len(val), len(test)) == (350, 100, 50)
    if how == "contiguous":
        assert train + val + test == text
    if "lines" in how:
        assert len({*train.splitlines(), *val.splitlines(), *test.splitlines()}) == 100


def test_interleaved_holds_out_the_end_of_each_stream():
    text = "0123456789abcdefghijABCDEFGHIJxy"
    assert parts(text, "interleaved", 0.2) == ("01234567abcdefghABCDEFGH", "89ijIJ")


@given(st.text("abc", max_size=60), FRACTIONS, st.integers(1, 9))
def test_interleaved_heads_are_the_streams_of_the_training_part(text, fraction, batch_size):
    train, val = parts(text, "interleaved", fraction, batch_size=batch_size)
    if not val:
        assert sorted(train.splitlines()) == sorted(text.splitlines())
        return
    length = len(text) // batch_size
    head, tail = len(train) // batch_size, len(val) // batch_size
    assert head + tail == length
    for stream in range(batch_size):
        joined = train[stream * head : (stream + 1) * head] + val[stream * tail : (stream + 1) * tail]
        assert joined == text[stream * length : (stream + 1) * length]


@pytest.mark.parametrize("how", SPLITS)
@pytest.mark.parametrize(("text", "fraction"), [("a\nb\nc\nd\ne\nf", 0.0), ("a\n", 0.5), ("ab\n", 0.9), ("", 0.5)])
def test_nothing_is_held_out_of_too_little(how, text, fraction):
    train, val = parts(text, how, fraction)
    assert val == ""
    if how in config.LISTS and text:
        train, text = sorted(train.splitlines(keepends=True)), sorted(f"{line}\n" for line in text.splitlines())
    assert train == text


@pytest.mark.parametrize("how", config.LISTS)
def test_lines_are_shuffled_where_none_is_held_out_too(how):
    text = "".join(f"{number:03}\n" for number in range(100))
    train, _ = parts(text.rstrip("\n"), how, 0.0)
    assert train != text and sorted(train.splitlines()) == text.splitlines() and train.endswith("\n")
