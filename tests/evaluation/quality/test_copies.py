"""Shares of copied runs and the longest run, compared with a brute-force search."""

import numpy as np
import pytest

from charrnn.evaluation.quality import copies
from charrnn.evaluation.quality.copies import Copies


def ids(text):
    return np.frombuffer(text.encode(), np.uint8)


def brute_share(source, texts, n):
    runs = [text[start : start + n].tobytes() for text in texts for start in range(len(text) - n + 1)]
    there = {source[start : start + n].tobytes() for start in range(len(source) - n + 1)}
    return sum(run in there for run in runs) / len(runs) if runs else None


def test_an_example():
    found = Copies(ids("the cat sat on the mat"), [ids("a cat on the sofa"), ids("the")], 256)
    assert found.share(3) == brute_share(ids("the cat sat on the mat"), [ids("a cat on the sofa"), ids("the")], 3)
    assert found.longest().tobytes() == b"at on the "
    assert found.share(18) is None
    assert found.share(17) == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("piece", [3, 1 << 20])
def test_all_lengths_against_the_definition(monkeypatch, piece, dtype):
    monkeypatch.setattr(copies, "_IDS_AT_ONCE", piece)
    rng = np.random.default_rng(1)
    for _ in range(10):
        source, first, second = (rng.integers(0, 3, size).astype(dtype) for size in (40, 15, 9))
        found = Copies(source, [first, second], 3)
        shares = {n: found.share(n) for n in range(1, 17)}
        assert shares == {n: brute_share(source, [first, second], n) for n in shares}
        longest = found.longest()
        assert len(longest) == max(n for n, share in shares.items() if share)
        assert longest.tobytes() in source.tobytes()


def test_a_whole_text_and_none_of_it():
    assert Copies(ids("abcdef"), [ids("bcde")], 256).longest().tobytes() == b"bcde"
    assert len(Copies(ids("abcdef"), [ids("xyz")], 256).longest()) == 0
    assert Copies(ids("ab"), [ids("abcdef")], 256).longest().tobytes() == b"ab"


def test_a_text_in_which_simple_hashes_collide():
    """Thue-Morse sequences have equal polynomial hashes modulo 2^64, whatever the base."""
    bits = [0]
    while len(bits) < 2048:
        bits += [1 - bit for bit in bits]
    word = np.array(bits, np.uint8)
    assert Copies(word, [1 - word], 2).share(2048) == 0


def test_runs_of_blanks_count_neither_in_shares_nor_as_the_longest():
    source, text = ids("ab" + " " * 9 + "cde"), ids("x" + " " * 8 + "-cd-   ab")
    assert Copies(source, [text], 256).longest().tobytes() == b" " * 8
    found = Copies(source, [text], 256, blanks=[ord(" ")])
    assert found.longest().tobytes() == b"cd"
    assert found.share(2) == 2 / 8  # cd and ab, of x_ _- -c cd d- -_ _a ab
    assert found.share(3) == 0
    only_blanks = Copies(source, [ids("   ")], 256, blanks=[ord(" ")])
    assert len(only_blanks.longest()) == 0
    assert only_blanks.share(2) is None
