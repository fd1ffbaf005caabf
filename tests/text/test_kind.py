"""What a text is taken for is judged by what its lines say, not by how long they are."""

import random
from pathlib import Path
from unicodedata import normalize

import pytest

from charrnn import catalogue
from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.text.about.kind import count_records, kind_of
from charrnn.text.files.source import from_path, joined
from tests.text.lists import LISTS, text, unlike, word
from tests.text.sequences import SEQUENCES

NAMES = text(unlike(word, 300, 1))
PROSE = "To be, or not to be, that is the question:\n" * 300


def written(content, name="text.txt"):
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return from_path(path, glob="*")


def taken(content, **settings):
    """The name of the kind that a text is taken for."""
    return kind_of(written(content), Config(**settings)).name


@pytest.mark.parametrize("name", LISTS)
def test_lists(name):
    kind = kind_of(written(text(LISTS[name]())), Config())
    assert (kind.name, kind.why, kind.near) == ("list", "in no order that matters", False)


@pytest.mark.parametrize("name", SEQUENCES)
def test_lines_whose_order_carries_something(name):
    kind = kind_of(written(text(SEQUENCES[name]())), Config())
    assert kind.name == "text"
    assert kind.near or kind.why == "some of its lines are long or empty"


@pytest.mark.parametrize("name", ["names shuffled", "russian names", "chinese names", "words"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_the_encoding_of_a_list_changes_nothing(name, encoding):
    content = text(LISTS[name]())
    assert kind_of(written(content.encode(encoding)), Config()) == kind_of(written(content), Config())


def test_the_encoding_that_is_named_is_used():
    names = text(name + "é" for name in unlike(word, 500, 1))
    assert taken(names.encode("latin-1"), encoding="latin-1") == "list"
    with pytest.raises(CorpusError, match="is not utf-8"):
        taken(names.encode("latin-1"))
    assert taken(names.encode("latin-1"), bytes=True) == "list"
    assert taken(names.encode("latin-1"), errors="replace") == "list"


@pytest.mark.parametrize("name", ["korean names", "vietnamese names", "japanese names in katakana"])
def test_decomposed_letters_change_nothing(name):
    content = text(LISTS[name]())
    assert kind_of(written(normalize("NFD", content)), Config()) == kind_of(written(content), Config())


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("name", ["cities", "melody", "chinese verse of seven"])
def test_carriage_returns_change_nothing(name, end):
    lines = (LISTS | SEQUENCES)[name]()
    assert taken(end.join(lines)) == ("list" if name in LISTS else "text")


@pytest.mark.parametrize("end", ["\r", "\u2028", "\x85"])
def test_lines_with_other_ends_are_lines_if_these_become_lf(end):
    names = NAMES.replace("\n", end)
    assert taken(names, newlines="lf") == "list"
    assert taken(names) == "text"  # what is not LF ends no line in training


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("one line", "it has only 1 line"),
        (NAMES[:500], "it has only "),
        (PROSE, "some of its lines are long or empty"),
        ("the stars\nare far\n\n" * 200, "some of its lines are long or empty"),
        ("x" * 200_000, "it has only "),
        (NAMES * 2, "only 300 of its 600 lines differ"),
    ],
)
def test_why_a_text_is_not_a_list(content, why):
    kind = kind_of(written(content), Config())
    assert kind.name == "text" and kind.why.startswith(why)


def test_only_the_beginning_is_looked_at():
    names = text(unlike(word, 20_000, 3))
    assert taken((names * 2)[: 1 << 18] + PROSE * 20) == "text"  # the names occur again
    numbered = text(f"{name}{random.Random(name).randint(0, 10**6)}" for name in unlike(word, 30_000, 3))
    kind = kind_of(written(numbered + PROSE), Config())
    assert (kind.name, kind.whole) == ("list", False)


@pytest.mark.parametrize("count", [10, 30, 100, 300])
def test_a_few_lines_of_another_kind_do_not_change_a_list(count):
    names = unlike(word, 2000, 4)
    for place in range(0, len(names), 2000 // count):
        names[place] = names[place].upper() + "!"
    assert taken(text(names)) == "list"


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_lines_of_a_sequence_of_different_lines_are_a_list(seed):
    lines = unlike(lambda rng: f"{word(rng).capitalize()} {word(rng).capitalize()}", 500, seed)
    paired = [f"{start} {end}" for line in lines for start in [line.split()[0]] for end in ("Ost", "West")]
    assert taken(text(paired)) == "text"
    random.Random(seed).shuffle(paired)
    assert taken(text(paired)) == "list"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([NAMES, NAMES], "list"),
        ([NAMES[:1500], NAMES[1500:]], "list"),  # together they have enough lines
        ([NAMES, ""], "list"),
        ([NAMES, PROSE], "text"),
        ([PROSE, NAMES], "text"),
        ([NAMES, "a text without a line feed"], "text"),
    ],
)
def test_several_texts_are_a_list_if_each_is_one(texts, expected):
    sources = [written(content, f"{number}.txt") for number, content in enumerate(texts)]
    assert kind_of(joined(sources), Config()).name == expected


def test_the_bundled_names_are_a_list_and_python_is_not():
    assert kind_of(catalogue.open_corpus("names"), Config()).name == "list"
    assert kind_of(catalogue.open_corpus("python"), Config()).name == "text"


RECORD = "title: {0}\nfor {0}\nstir it for long until it is done, and serve it at once\n\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_records_that_begin_alike_are_counted(end):
    records = "".join(RECORD.format(name) for name in unlike(word, 80, 5)).replace("\n", end)
    assert kind_of(written(records), Config()).records == 80
    assert kind_of(written(records[: len(records) // 2]), Config()).records == 0  # too few
    assert kind_of(written(records.replace("title", "").replace(": ", "")), Config()).records == 0


def test_records_of_a_separator_are_counted():
    text = written("one%%two%%three")
    assert count_records(text, Config(separator="%%")) == (3, True)
    text = written("one%%two%%%%")
    assert count_records(text, Config(separator="%%")) == (2, True)
    for number in range(5):
        written(f"file {number}", f"{number}.md")
    assert count_records(from_path(Path(), glob="*.md"), Config(separator="\x1e")) == (5, True)
