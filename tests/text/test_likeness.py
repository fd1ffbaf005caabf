"""Whether a held-out part is like the rest of its text."""

import gzip
import random
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.text.about.likeness import likeness, likeness_of, notice
from charrnn.text.files.excerpt import excerpt
from charrnn.text.files.source import Source

LATIN, GREEK, HIRAGANA = "bdfgklmnprstvzaeiou", "βγδθκλμνξπρστφχψωαεηιου", "あいうえおかきくけこさしすせそたちつてと"


def words(rng, number, letters=LATIN):
    return ["".join(rng.choice(letters) for _ in range(rng.randint(2, 8))) for _ in range(number)]


def prose(rng, size, vocabulary):
    """Sentences of `vocabulary`, whose first words are the most frequent."""
    weights = [1 / (place + 1) for place in range(len(vocabulary))]
    text = ""
    while len(text) < size:
        text += " ".join(rng.choices(vocabulary, weights, k=rng.randint(4, 12))).capitalize() + ".\n"
    return text


def code(rng, size):
    names = words(rng, 60)
    text = ""
    while len(text) < size:
        a, b, c = rng.choices(names, k=3)
        text += f"def {a}({b}, {c}=0):\n    for i in range({c}):\n        self.{a}[i] += {b}.{c}(i)\n    return {b}\n\n"
    return text


def authors(rng, number, label="{}|"):
    return "".join(
        label.format(f"AUTHOR{place}") + line + "\n"
        for place in range(number)
        for line in prose(rng, 150_000 // number, words(rng, 40)).splitlines()
    )


def languages(rng, first, second):
    return prose(rng, 140_000, words(rng, 300, first)) + prose(rng, 14_000, words(rng, 300, second))


UNLIKE = {
    "lines by author": lambda rng: authors(rng, 10),
    "letters sorted by name": lambda rng: authors(rng, 40, "From: {}\n"),
    "chapters in two languages": lambda rng: languages(rng, LATIN, LATIN[::2]),
    "chapters in two scripts": lambda rng: languages(rng, LATIN, GREEK),
    "a third script": lambda rng: languages(rng, GREEK, HIRAGANA),
    "code, then prose": lambda rng: code(rng, 130_000) + prose(rng, 25_000, words(rng, 300)),
    "prose, then code": lambda rng: prose(rng, 130_000, words(rng, 300)) + code(rng, 14_000),
    "prose, then a table": lambda rng: (
        prose(rng, 100_000, words(rng, 300))
        + "".join(f"{rng.random():.4f},{rng.randint(0, 99)}\n" for _ in range(1200))
    ),
}
ALIKE = {
    "prose": lambda rng: prose(rng, 150_000, words(rng, 300)),
    "little prose": lambda rng: prose(rng, 25_000, words(rng, 100)),
    "Greek": lambda rng: prose(rng, 80_000, words(rng, 300, GREEK)),
    "Japanese": lambda rng: prose(rng, 60_000, words(rng, 300, HIRAGANA)),
    "code": lambda rng: code(rng, 100_000),
    "authors in turn": lambda rng: "".join(rng.sample(authors(rng, 10).splitlines(True), 2000)),
    "code and prose by turns": lambda rng: "".join(code(rng, 500) + prose(rng, 500, list(LATIN)) for _ in range(100)),
    "a log by time": lambda rng: "".join(
        f"{1 + i // 100 % 28:02}/{1 + i // 2800:02} 1{i % 10}:{rng.randint(0, 59):02} host{rng.randint(1, 9)} sshd: "
        f"{rng.choice(['accepted', 'refused', 'closed'])} port {rng.randint(0, 999)}\n"
        for i in range(5600)
    ),
    "a melody": lambda rng: "".join(f"note_on {[60, 62, 64, 65][i % 4]} 80\n" for i in range(4000)),
}


def source(text, name="text.txt"):
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Source("text", (Path(name),))


@pytest.mark.parametrize("kind", UNLIKE)
def test_an_end_that_is_unlike_the_rest_is_found(kind):
    found = likeness_of(source(UNLIKE[kind](random.Random(kind))), Config())
    assert found.unlike, found


@pytest.mark.parametrize("kind", ALIKE)
def test_an_end_that_is_like_the_rest_is_not(kind):
    found = likeness_of(source(ALIKE[kind](random.Random(kind))), Config())
    assert not found.unlike, found


@pytest.mark.parametrize("settings", [{"val_fraction": 0.05}, {"val_fraction": 0.25}, {"test_fraction": 0.1}])
def test_the_end_is_what_the_settings_hold_out(settings):
    rng = random.Random(1)
    text = UNLIKE["letters sorted by name"](rng)
    assert likeness_of(source(text), Config(**settings)).unlike
    assert not likeness_of(source(ALIKE["prose"](rng)), Config(**settings)).unlike


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1253"])
def test_other_encodings_change_nothing(encoding):
    rng = random.Random(1)
    unlike = languages(rng, GREEK, GREEK[::2]).encode(encoding)
    assert likeness_of(source(unlike), Config(encoding=encoding)).unlike
    assert not likeness_of(source(ALIKE["Greek"](rng).encode(encoding)), Config(encoding=encoding)).unlike


def test_a_file_to_validate_on_is_compared_with_the_text():
    rng = random.Random(1)
    vocabulary = words(rng, 300)
    text, like, unlike = (
        source(each, f"{place}.txt").files
        for place, each in enumerate((prose(rng, 100_000, vocabulary), prose(rng, 9000, vocabulary), code(rng, 9000)))
    )
    assert not likeness_of(Source("text", text, val=like), Config(val="1.txt")).unlike
    assert likeness_of(Source("text", text, val=unlike), Config(val="2.txt", split="lines")).unlike


@pytest.mark.parametrize(
    ("size", "settings"),
    [
        (19_000, {}),
        (0, {}),
        (150_000, {"val_fraction": 0.0}),
        (150_000, {"val_fraction": 0.001}),
        (150_000, {"split": "blocks"}),
        (150_000, {"split": "unique-lines"}),
        (150_000, {"split": "interleaved"}),
    ],
)
def test_nothing_is_said_of_other_splits_and_short_texts(size, settings):
    text = UNLIKE["lines by author"](random.Random(1))
    assert likeness_of(source(text[-size:] if size else ""), Config(**settings)) is None


def test_too_little_is_not_compared():
    some = np.zeros(30_000, np.uint8)
    assert likeness(some, some[:0]) is None
    assert likeness(some[:0], some) is None
    assert likeness(some, some[:3000]).unlike is False


def test_notices_have_figures_and_name_the_other_choice():
    found = likeness_of(source(UNLIKE["lines by author"](random.Random(1))), Config())
    figures = rf"\(a simple model of the rest needs {found.held_out:.2f} bits .* {found.blocks:.2f}\)"
    for chosen, option in ((True, "--split contiguous holds out the end"), (False, "--split blocks holds out blocks")):
        assert re.search(rf"{figures}.*{option}", notice(found, Config(), chosen=chosen))
    assert "--val v.txt is unlike the text" in notice(found, Config(val="v.txt"), chosen=False)


# Excerpts


def test_an_excerpt_of_a_short_text_is_all_of_it(tmp_path):
    files = [source(bytes([place]) * place, f"{place}.txt").files[0] for place in (0, 5, 0, 7, 0)]
    assert excerpt(files, 100).tobytes() == b"\5" * 5 + b"\7" * 7
    assert excerpt([], 100).tobytes() == b""


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("cuts", [(0, 400_000), (0, 100, 200_000, 200_001, 400_000), (*range(0, 400_001, 500),)])
def test_an_excerpt_of_a_long_text_comes_from_all_over_it(cuts, packed):
    content = np.arange(100_000, dtype=np.uint32)
    raw = content.tobytes()
    files = []
    for start, stop in pairwise(cuts):
        piece = raw[start:stop]
        files += source(gzip.compress(piece) if packed else piece, f"{start}.txt").files
    found = excerpt(files, 1 << 14).tobytes()
    whole = raw.find(found[:64]), raw.find(found[-64:])
    assert len(found) == 1 << 14 and whole == (0, len(raw) - 64)
    stretches = [found[start : start + 1024] for start in range(0, len(found), 1024)]
    places = [raw.find(each) for each in stretches]
    assert -1 not in places and places == sorted(places)
    assert max(np.diff(places)) < len(raw) // 10
