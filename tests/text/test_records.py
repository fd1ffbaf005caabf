"""Records are found a block at a time, wherever blocks begin and end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import Config
from charrnn.text.parts.hashes import hash_records
from charrnn.text.parts.records import (
    completed,
    find_records,
    nearest_end,
    record_ends,
    separator_of,
    whole_records,
)
from charrnn.text.vocabulary import Vocabulary
from tests.text.test_split import records_of

SEPARATORS = st.sampled_from(["\n", "\n\n", "%%\n", "aba", "ab", "aa", "\n\n\n"])
TEXTS = st.text("ab%\n", max_size=80)


def ids_of(text: str, dtype=np.uint8) -> np.ndarray:
    return np.frombuffer(text.encode("ascii"), np.uint8).astype(dtype)


def ends_of(text: str, separator: str) -> list[int]:
    """The ends of the records that have a separator."""
    ends = np.cumsum([len(record) for record in records_of(text, separator)]).tolist()
    return ends if text.endswith(separator) else ends[:-1]


@given(TEXTS, SEPARATORS, st.integers(1, 20))
def test_ends_do_not_depend_on_blocks(text, separator, at_once):
    blocks = list(record_ends(ids_of(text), ids_of(separator), at_once))
    assert np.concatenate([np.zeros(0, int), *blocks]).tolist() == ends_of(text, separator)


@pytest.mark.parametrize(
    ("text", "separator", "ends"),
    [
        ("a\nb\n\nc", "\n", [2, 4, 5]),
        ("a\n\nb\n\n\n\nc\n\n", "\n\n", [3, 8, 11]),
        ("a\n\n\nb\n", "\n\n", [4]),
        ("a%%\n%%\nb%%\n", "%%\n", [7, 11]),
        ("abc", "\n", []),
        ("", "\n", []),
        ("ab", "", []),
    ],
)
def test_separators_that_overlap_or_touch_are_one_end(text, separator, ends):
    assert [each for block in record_ends(ids_of(text), ids_of(separator)) for each in block] == ends


@given(TEXTS, SEPARATORS, st.integers(1, 20))
def test_whole_records_are_the_text_with_a_separator_at_its_end(text, separator, at_once):
    blocks = [bytes(block).decode() for block in whole_records(ids_of(text), ids_of(separator), at_once)]
    assert all(block.endswith(separator) for block in blocks)
    assert "".join(blocks) == bytes(completed(ids_of(text), ids_of(separator))).decode() or not text
    assert not text or ("".join(blocks).startswith(text) and len("".join(blocks)) <= len(text) + len(separator))


@given(TEXTS, SEPARATORS, st.floats(0, 1), st.one_of(st.none(), st.integers(0, 20)))
def test_the_nearest_end(text, separator, share, within):
    place = round(share * len(text))
    ends = {0, len(text), *ends_of(text, separator)}
    distance = min(abs(end - place) for end in ends)
    found = nearest_end(ids_of(text), ids_of(separator), place, within=within)
    if within is not None and distance > within:
        assert found is None
    else:
        assert found in ends and abs(found - place) == distance


def test_the_nearest_end_far_away():
    text = "a" * 100_000 + "\n" + "b" * 300_000
    assert nearest_end(ids_of(text), ids_of("\n"), 180_000) == 100_001
    assert nearest_end(ids_of(text), ids_of("\n"), 20_000) == 0
    assert nearest_end(ids_of(text), ids_of("\n"), 180_000, within=70_000) is None


@given(st.lists(st.text("ab", max_size=5), min_size=1, max_size=30), st.sampled_from([np.uint8, np.uint16, np.uint32]))
def test_equal_records_have_equal_hashes_and_others_do_not(lines, dtype):
    records = find_records(ids_of("".join(f"{line}\n" for line in lines), dtype), ids_of("\n", dtype))
    hashes = hash_records(records, seed=5)
    assert len({*hashes.tolist()}) == len({*lines})
    assert len({*zip(lines, hashes.tolist(), strict=True)}) == len({*lines})
    assert all((line == "") == (each == 0) for line, each in zip(lines, hashes.tolist(), strict=True))


def test_hashes_of_records_longer_than_what_is_hashed_at_once():
    lines = ["a" * 200_000, "b", "", "a" * 200_000, "a" * 199_999 + "b", "ab" * 60_000]
    hashes = hash_records(find_records(ids_of("\n".join([*lines, ""])), ids_of("\n"))).tolist()
    assert hashes[0] == hashes[3] and len({*hashes}) == 5


def test_hashes_divide_similar_records_evenly():
    ids = ids_of("".join(f"{number}\n" for number in range(10_000)))
    hashes = hash_records(find_records(ids, ids_of("\n")), seed=1)
    counts, _ = np.histogram(hashes / 2.0**64, 10, (0, 1))
    assert (abs(counts - 1000) < 150).all()


@pytest.mark.parametrize(
    ("characters", "separator", "ids"),
    [("\nab", "", [0]), ("\nab", "b\n", [2, 0]), ("ab", "", []), ("ab", "c", []), (None, "é", [0xC3, 0xA9])],
)
def test_the_ids_of_a_separator(characters, separator, ids):
    vocabulary = Vocabulary(characters)
    found = separator_of(Config(separator=separator), vocabulary)
    assert found.tolist() == ids and found.dtype == vocabulary.dtype
