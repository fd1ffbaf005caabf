"""Every way to hold out parts of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn import config
from charrnn.config import SPLITS, Config
from charrnn.text.parts import large_split
from charrnn.text.parts import split as module
from charrnn.text.parts.repeats import Repeats
from tests.support.cuts import cut

FRACTIONS = st.floats(0, 0.9)
LISTS = st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "abc"]), max_size=20)
IN_ORDER = tuple(how for how in SPLITS if how not in config.LISTS)


def parts(
    text: str,
    how: str,
    fraction: float,
    *,
    dtype=np.uint8,
    seed=1,
    batch_size=3,
    test_fraction=0.0,
    separator="",
    weights=None,
) -> tuple[str, ...]:
    """The parts of a text of ASCII characters; weights: (end, weight) of each file."""
    ids = np.frombuffer(text.encode("ascii"), np.uint8).astype(dtype)
    settings = Config(split=how, seed=seed, batch_size=batch_size, separator=separator)
    end = (separator or "\n") if separator or "\n" in text else ""
    ends, times = zip(*(weights or [(len(text), 1)]), strict=True)
    repeats = Repeats(np.array(ends), np.array(times))
    found = cut(ids, settings, np.frombuffer(end.encode(), np.uint8).astype(dtype), (fraction, test_fraction), repeats)
    texts = tuple(part.astype(np.uint8).tobytes().decode("ascii") for part in found)
    return texts if test_fraction else texts[:2]


@pytest.fixture(params=["in RAM", "on disk"])
def anywhere(request, monkeypatch):
    """Lists that are split in RAM, and larger ones."""
    if request.param == "on disk":
        on_disk(monkeypatch)


def on_disk(monkeypatch, block=40, bucket=100):
    monkeypatch.setattr(module, "LARGE_LIST", 0)
    monkeypatch.setattr(large_split, "BLOCK_IDS", block)
    monkeypatch.setattr(large_split, "BUCKET_IDS", bucket)


@given(st.text("ab\n"), FRACTIONS)
def test_contiguous_holds_out_the_end(text, fraction):
    train, val = parts(text, "contiguous", fraction)
    assert train + val == text
    expected = round(len(text) * fraction)
    assert len(val) == (expected if expected >= 2 and len(text) - expected >= 2 else 0)


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


@pytest.mark.parametrize("how", config.LISTS)
@pytest.mark.parametrize("separator", ["", "%%\n"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_a_large_list_is_split_as_a_small_one_is(monkeypatch, how, separator, dtype):
    on_disk(monkeypatch)
    end = separator or "\n"
    records = [str(number % 700) for number in range(1000)] + ["" for _ in range(50 if end == "\n" else 0)]
    found = parts(end.join([*records, ""]), how, 0.3, test_fraction=0.2, separator=separator, dtype=dtype)
    assert all(part.endswith(end) for part in found)
    learned, val, test = (part.split(end)[:-1] for part in found)
    assert learned != sorted(learned) and val != sorted(val) and "" not in val + test
    if how == "lines":
        assert sorted(learned + val + test) == sorted(records)
    else:
        assert len({*learned} | {*val} | {*test}) == len({*learned}) + len(val) + len(test) == len({*records})
        assert sorted(learned) == sorted(record for record in records if record not in val + test)
    shares = [len(part) / len(set(records) if how == "unique-lines" else records) for part in (val, test)]
    assert shares == pytest.approx([0.3, 0.2], abs=0.05)


def test_the_training_part_of_a_large_list_is_shuffled_over_its_whole_length(monkeypatch):
    on_disk(monkeypatch, block=1000, bucket=1500)
    numbers = list(range(1000, 3000))
    learned = [int(line) for line in parts("\n".join(map(str, numbers)), "unique-lines", 0.1)[0].split()]
    places = np.arange(len(learned))
    assert abs(np.corrcoef(places, learned)[0, 1]) < 0.1
    assert abs(np.corrcoef(learned[:-1], learned[1:])[0, 1]) < 0.1


def test_a_large_list_with_too_few_different_lines_holds_out_nothing(monkeypatch):
    on_disk(monkeypatch)
    assert [len(part) for part in parts("a\n" * 500, "unique-lines", 0.01)] == [1000, 0]


def test_unique_lines_depend_on_the_seed_alone(anywhere):
    text = "\n".join(map(str, range(100)))
    held_out = [parts(text, "unique-lines", 0.2, seed=seed) for seed in (1, 1, 2)]
    assert held_out[0] == held_out[1] and held_out[0][1] != held_out[2][1]


def test_unique_lines_are_shuffled_because_lists_are_often_sorted(anywhere):
    text = "\n".join(map(str, range(100, 200)))
    for part in parts(text, "unique-lines", 0.4):
        assert part.splitlines() != sorted(part.splitlines())


def test_the_empty_line_is_never_held_out():
    train, val = parts("\n\na\n\nb\n\n", "unique-lines", 0.5)
    assert (sorted(train.splitlines()), val) in [(["", "", "", "", "a"], "b\n"), (["", "", "", "", "b"], "a\n")]


@pytest.mark.parametrize("how", config.LISTS)
def test_a_text_without_record_ends_has_no_records_to_hold_out(anywhere, how):
    assert parts("abcdefgh", how, 0.5) == ("abcdefgh", "")
    assert parts("ab\ncd\nefgh", how, 0.5, separator="%%") == ("ab\ncd\nefgh", "")


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
    if "lines" in how or how == "blocks":
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
def test_lines_are_shuffled_where_none_is_held_out_too(anywhere, how):
    text = "".join(f"{number:03}\n" for number in range(100))
    train, _ = parts(text.rstrip("\n"), how, 0.0)
    assert train != text and sorted(train.splitlines()) == text.splitlines() and train.endswith("\n")


# Records

SEPARATORS = ["\n\n", "%%\n", "\x1e", "ab", "aa", "\n"]
PIECES = st.lists(st.sampled_from(["a", "b", "\n", "%%\n", "ab", "\n\n", "\x1e", "xyz"]), max_size=60)


def records_of(text: str, separator: str) -> list[str]:
    """The records of a text, found one character at a time; the last one may lack its separator."""
    found, start, end = [], 0, None
    for place in range(len(text)):
        if text.startswith(separator, place):
            if end is not None and (place > end or len(separator) == 1):
                found.append(text[start:end])
                start = end
            end = place + len(separator)
    if end is not None:
        found.append(text[start:end])
        start = end
    return found + [text[start:]] * (start < len(text))


@given(PIECES, st.sampled_from(SEPARATORS), FRACTIONS, st.sampled_from(IN_ORDER[:2]))
def test_a_text_of_records_is_never_cut_within_one(pieces, separator, fraction, how):
    text = "".join(pieces) + separator
    train, val = parts(text, how, fraction, separator=separator)
    assert sorted(records_of(train, separator) + records_of(val, separator)) == sorted(records_of(text, separator))
    assert how != "contiguous" or train + val == text


@given(PIECES, st.sampled_from(SEPARATORS), FRACTIONS, st.sampled_from(config.LISTS))
def test_a_list_of_records_keeps_each_whole_and_ended(pieces, separator, fraction, how):
    text = "".join(pieces)
    train, val = parts(text, how, fraction, separator=separator)
    if separator not in text:
        assert (train, val) == (text, "")
        return
    expected = records_of(text, separator)
    if not expected[-1].endswith(separator):
        lacking = next(size for size in range(len(separator), -1, -1) if expected[-1].endswith(separator[:size]))
        expected[-1] += separator[lacking:]
    assert train.endswith(separator)
    assert sorted(train + val) == sorted("".join(expected)) or how == "unique-lines"
    assert set(records_of(val, separator)) <= set(expected)


def test_records_that_differ_only_in_empty_lines_are_the_same():
    text = "".join(f"recipe {number}" + "\n" * (2 + number % 3) for _ in range(3) for number in range(20))
    train, val = parts(text + "\n" * 5, "unique-lines", 0.3, separator="\n\n")
    learned, held_out = ({record.strip() for record in records_of(part, "\n\n")} for part in (train, val))
    assert not learned & held_out
    assert val.count("recipe") == 6


# Blocks


@given(st.text("ab\n", min_size=200, max_size=3000), st.floats(0.05, 0.4), st.floats(0.0, 0.4))
def test_blocks_hold_out_their_shares_and_lose_nothing(text, fraction, test_fraction):
    train, val, test = parts(text, "blocks", fraction, test_fraction=test_fraction or 1e-9)
    assert sorted(train + val + test) == sorted(text)
    if val and (test or not test_fraction):
        assert len(val) == pytest.approx(fraction * len(text), abs=2 + len(text) / 80)


def test_blocks_come_from_all_over_the_text():
    text = "".join(f"{number:04}\n" for number in range(2000))
    train, val, test = (list(map(int, part.split())) for part in parts(text, "blocks", 0.1, test_fraction=0.05))
    assert (len(val), len(test)) == (200, 100) and sorted(train + val + test) == list(range(2000))
    assert train == sorted(train)
    for part in map(sorted, (train, val, test)):
        assert 1 + np.count_nonzero(np.diff(part) > 1) in (20, 40, 41)
        assert set(np.histogram(part, 20, (0, 2000))[0]) == {len(part) // 20}


def test_the_beginning_of_a_large_held_out_part_comes_from_all_over_the_text_too():
    numbers = np.arange(10**6, 10**6 + 400_000)
    _, val = parts("\n".join(map(str, numbers)), "blocks", 0.2)
    read = np.array(val[:200_000].split()[:-1], int) - 10**6
    counts, _ = np.histogram(read, 10, (0, 400_000))
    assert (abs(counts / len(read) - 0.1) < 0.06).all()


@pytest.mark.parametrize("lines", [0, 1, 5])
def test_blocks_of_a_text_with_hardly_any_line_ends(lines):
    text = "".join("abcdefghij" * 100 + "\n" for _ in range(lines)) + "klmnopqrst" * 100
    train, val = parts(text, "blocks", 0.1)
    assert len(val) == pytest.approx(len(text) / 10, abs=1) and len(train) == len(text) - len(val)
    assert any(each in val for each in "abcdefghij") or not lines
    assert any(each in val for each in "klmnopqrst")


@pytest.mark.parametrize("size", [7, 60, 300])
@pytest.mark.parametrize("number", [10, 60, 500])
def test_blocks_of_long_records_have_their_share_to_half_a_record(size, number):
    text = "".join(f"{index:03}" + "x" * (size - 3) + "%%" for index in range(number))
    train, val = parts(text, "blocks", 0.1, separator="%%")
    assert len(val) == pytest.approx(len(text) / 10, abs=(size + 2) / 2 + 1)
    kept = [int(record[:3]) for record in val.split("%%")[:-1]]
    assert len(kept) < 3 or np.ptp(kept) > number / 2
    assert len(train) + len(val) == len(text)


# Weights


@pytest.mark.parametrize("how", SPLITS)
def test_the_training_part_of_a_file_is_read_as_often_as_its_weight(anywhere, how):
    files = ["".join(f"{letter}{number:03}\n" for number in range(200)) for letter in "xyz"]
    ends = np.cumsum([len(file) for file in files]).tolist()
    once = parts("".join(files), how, 0.2, test_fraction=0.1, batch_size=4)
    often = parts(
        "".join(files), how, 0.2, test_fraction=0.1, batch_size=4, weights=list(zip(ends, (2, 1, 3), strict=True))
    )
    assert once[1:] == often[1:]
    for letter, weight in zip("xyz", (2, 1, 3), strict=True):
        assert often[0].count(letter) == weight * once[0].count(letter)
    if how in config.LISTS:
        assert sorted(set(often[0].split())) == sorted(set(once[0].split()))
        assert often[0].split() != sorted(often[0].split())
        assert not set(often[0].split()) & {*often[1].split(), *often[2].split()}
