"""What a text is taken for, the settings that follow, and what the user is told."""

from pathlib import Path

import pytest

from charrnn.config import LISTS, resolve
from charrnn.errors import OptionError
from charrnn.session import TrainRequest, prepare
from charrnn.session.kind import settle
from charrnn.text.files.source import from_path
from tests.support.training import SMALL, setup, told, train
from tests.text.lists import first_names, text
from tests.text.sequences import melody

DEFAULTS = {"split": "contiguous", "separator": ""}


def settled(kind, *layers, **changes):
    """The split and separator that follow, and who gave each."""
    layers = [*((f"layer {number}", layer) for number, layer in enumerate(layers)), ("command line", changes)]
    config, given_by = resolve(*layers[:-1], settle(kind, layers), layers[-1])
    return {name: (getattr(config, name), given_by.get(name)) for name in DEFAULTS}


@pytest.mark.parametrize(
    ("kind", "layers", "changes", "split", "separator"),
    [
        (None, [], {}, ("contiguous", None), ("", None)),
        (None, [{"split": "lines"}], {}, ("lines", "layer 0"), ("", None)),
        ("list", [], {}, ("unique-lines", "--as list"), ("", None)),
        ("list", [{"split": "lines"}], {}, ("lines", "layer 0"), ("", None)),
        ("list", [{"split": "contiguous"}], {"split": "lines"}, ("lines", "command line"), ("", None)),
        ("list", [{"separator": "%"}], {}, ("unique-lines", "--as list"), ("", "--as list")),
        ("text", [{"split": "unique-lines"}], {}, ("contiguous", "--as text"), ("", None)),
        ("text", [{"split": "blocks"}], {}, ("blocks", "layer 0"), ("", None)),
        ("text", [], {"split": "interleaved"}, ("interleaved", "command line"), ("", None)),
        ("text", [{"separator": "%"}, {"split": "lines"}], {}, ("contiguous", "--as text"), ("", "--as text")),
        ("records", [], {}, ("unique-lines", "--as records"), ("\n\n", "--as records")),
        ("records", [], {"separator": "%"}, ("unique-lines", "--as records"), ("%", "command line")),
        ("records", [], {"split": "contiguous"}, ("contiguous", "command line"), ("\n\n", "--as records")),
        ("records", [{"split": "blocks"}], {}, ("unique-lines", "--as records"), ("\n\n", "--as records")),
        (None, [], {"separator": "%"}, ("unique-lines", "the separator"), ("%", "command line")),
        (None, [{"separator": "%"}], {}, ("unique-lines", "the separator"), ("%", "layer 0")),
        (None, [{"separator": "%", "split": "contiguous"}], {}, ("contiguous", "layer 0"), ("%", "layer 0")),
    ],
)
def test_what_follows_from_a_kind(kind, layers, changes, split, separator):
    assert settled(kind, *layers, **changes) == {"split": split, "separator": separator}


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("text", {"split": "lines"}, "--as text keeps the order of lines, and --split lines shuffles them"),
        ("text", {"split": "unique-lines"}, "--as text keeps"),
        ("list", {"split": "contiguous"}, "--as list shuffles lines, and --split contiguous keeps their order"),
        ("list", {"split": "interleaved"}, "--as list shuffles"),
        ("list", {"separator": "%"}, "--separator is the end of a record, and --as list has none; use --as records"),
        ("text", {"separator": "%"}, "--separator is"),
    ],
)
def test_contradictions_are_refused(kind, changes, message):
    with pytest.raises(OptionError, match=message):
        settled(kind, **changes)


def test_files_are_records_if_there_are_several(tmp_path):
    for number in range(3):
        Path(f"{number}.txt").write_text("x")
    files = from_path(tmp_path, glob="*.txt")
    assert settle("records", [("command line", {})], files)[1]["separator"] == "\x1e"
    assert settle("records", [("command line", {"between": "%"})], files)[1]["separator"] == "%"
    assert settle("records", [("command line", {})], from_path(Path("0.txt"), glob="*"))[1]["separator"] == "\n\n"


def begun(content, settings=None, **request):
    """The session of a text without any preset named."""
    Path("text.txt").write_text(content)
    return prepare(TrainRequest(("text.txt",), {"steps": 1, "hidden_size": 4} | (settings or {}), **request))


NAMES = text(first_names())
MELODY = text(melody())
SONGS = "".join(f"title: {name}\nplay it\n\n" for name in first_names()[:60])


SHORT = "1,500 short lines, all of them different"
UNIQUE = "lines are shuffled, and 10% of the different ones held out"


@pytest.mark.parametrize(
    ("content", "settings", "asked", "split", "preset", "first"),
    [
        (
            *(NAMES, {}, {}, "unique-lines", "lines"),
            f"taken for a list: {SHORT}, in no order that matters: {UNIQUE}; --as text keeps their order",
        ),
        (NAMES, {}, {"kind": "text"}, "contiguous", "quick", "preset quick"),
        (
            *(NAMES, {"split": "contiguous"}, {}, "contiguous", "lines"),
            f"{SHORT}, as in a list; --split contiguous keeps their order, --split unique-lines shuffles them",
        ),
        (
            *(NAMES, {}, {"preset": "none"}, "contiguous", "none"),
            f"{SHORT}, as in a list; split contiguous keeps their order, --as list shuffles them",
        ),
        (
            *(MELODY, {}, {}, "contiguous", "quick"),
            "taken for a text, not a list: only 16 of its 1,600 lines differ; order is kept; --as list shuffles lines",
        ),
        (
            *(MELODY, {}, {"kind": "list"}, "unique-lines", "lines"),
            f"taken for a list by --as list: {UNIQUE}; --as text keeps their order",
        ),
        (
            *(MELODY, {"split": "lines"}, {}, "lines", "quick"),
            "taken for a list by --split lines: lines are shuffled, and 10% of them held out; --split contiguous "
            "keeps their order",
        ),
        (
            *(MELODY, {"val_fraction": 0.0}, {"kind": "list"}, "unique-lines", "lines"),
            "taken for a list by --as list: lines are shuffled; --as text keeps their order",
        ),
        (
            *(MELODY, {}, {"preset": "lines"}, "unique-lines", "lines"),
            f"taken for a list by preset lines: {UNIQUE}; --as text keeps their order",
        ),
        (MELODY, {}, {"preset": "lines", "kind": "text"}, "contiguous", "lines", None),
        (
            *(SONGS, {}, {}, "contiguous", "quick"),
            "60 pieces between empty lines begin alike; --as records learns each as a whole, and shuffles them",
        ),
        (
            *(SONGS, {}, {"kind": "records"}, "unique-lines", "quick"),
            "taken for 60 records, separated by an empty line: they are shuffled, and 10% of the different "
            "ones held out; --split contiguous keeps their order",
        ),
        (
            *(SONGS, {"split": "contiguous"}, {"kind": "records"}, "contiguous", "quick"),
            "taken for 60 records, separated by an empty line: their order is kept",
        ),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_the_first_notice_says_what_a_text_is_taken_for(content, settings, asked, split, preset, first):
    session = begun(content, settings, **asked)
    assert (session.setup.config.split, session.setup.preset) == (split, preset)
    said = told(session)
    assert said[0].startswith(first) if first else not any("taken for" in notice for notice in said)


@pytest.mark.parametrize(
    ("content", "first", "then"),
    [
        (NAMES, ({}, {}), ({}, {"kind": "text"})),
        (NAMES, ({"split": "contiguous"}, {}), ({"split": "unique-lines"}, {})),
        (NAMES, ({}, {"preset": "none"}), ({}, {"preset": "none", "kind": "list"})),
        (MELODY, ({}, {}), ({}, {"kind": "list"})),
        (MELODY, ({"split": "lines"}, {}), ({"split": "contiguous"}, {})),
        (SONGS, ({}, {"kind": "records"}), ({"split": "contiguous"}, {"kind": "records"})),
        (SONGS, ({"separator": "\n\n"}, {}), ({"separator": "\n\n", "split": "contiguous"}, {})),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_the_notice_proposes_does_what_it_says(content, first, then):
    runs = (begun(content, settings, **asked, run=run) for (settings, asked), run in ((first, "one"), (then, "other")))
    configs = [session.setup.config for session in runs]
    assert (configs[0].split in LISTS) != (configs[1].split in LISTS)


def test_many_files_may_be_records(tmp_path):
    (tmp_path / "levels").mkdir()
    for number in range(30):
        (tmp_path / "levels" / f"{number}.txt").write_text("####\n#  #\n#..#\n####\n" * 3)
    session = prepare(TrainRequest(("levels",), {"steps": 1, "hidden_size": 4}))
    assert told(session)[0] == "30 files are taken for one text; --as records learns each as a whole, and shuffles them"


def test_a_resumed_run_is_what_it_was(text):
    train(text, SMALL | {"steps": 2, "split": "lines"}, run="run")
    with pytest.raises(OptionError, match="--as text is decided when a run begins; leave it out"):
        setup(None, {}, run="run", resume=True, kind="text")
    assert setup(None, {"steps": 3}, run="run", resume=True).setup.config.split == "lines"


def test_a_run_that_trains_further_holds_out_what_its_parent_did(tmp_path):
    Path("names.txt").write_text(NAMES)
    train("names.txt", SMALL | {"steps": 2, "split": "unique-lines"}, run="base")
    session = setup("names.txt", {"steps": 1}, run="more", init_from="base")
    assert session.setup.config.split == "unique-lines"
    assert told(session)[0].startswith("taken for a list: 1,500 short lines")


SHORT = {"steps": 1, "hidden_size": 4}
SEPARATOR = r"\n\n"  # as it is typed


def test_few_files_may_hold_many_records(tmp_path):
    (tmp_path / "songs").mkdir()
    for number in range(2):
        (tmp_path / "songs" / f"{number}.txt").write_text(SONGS)
    assert not any("begin alike" in each for each in told(prepare(TrainRequest(("songs",), SHORT, run="one"))))
    said = told(prepare(TrainRequest(("songs",), SHORT, run="few", kind="records")))
    assert said[0].endswith(f"; --separator '{SEPARATOR}' divides files at empty lines, too")
    said = told(prepare(TrainRequest(("songs",), SHORT | {"separator": SEPARATOR}, run="other")))
    assert said[0].startswith("taken for 120 records, separated by an empty line: they are shuffled")


def test_copies_of_held_out_lines_are_counted():
    Path("copies.txt").write_text("".join(f"name{number % 100}\n" for number in range(1000)))
    said = told(prepare(TrainRequest(("copies.txt",), SHORT, kind="list", run="list")))
    (note,) = [each for each in said if "copies" in each]
    assert "of copies of held-out lines are left out: nothing that is held out is learned, and " in note


def test_a_copy_to_validate_on_is_noticed_for_records_too():
    songs = (" ".join(str((number * 7919 + each) ** 3) for each in range(40)) + "\n\n" for number in range(99))
    Path("songs.txt").write_text("".join(songs))
    Path("copy.txt").write_text(Path("songs.txt").read_text())
    said = told(prepare(TrainRequest(("songs.txt",), SHORT | {"val": "copy.txt"}, kind="records", run="records")))
    assert any("of --val copy.txt is also in the training text" in each for each in said)
