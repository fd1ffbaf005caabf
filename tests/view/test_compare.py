"""Runs side by side, in terminals of all widths."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from charrnn.evaluation.compare import Standing
from charrnn.view.compare import show_standings

LONG = "parameters=80000,num_layers=1,cell=gru-before,learning_rate=0.004"
TITLES = ["cell", "size", "parameters", "epochs", "val loss", "bits/char", "at step", "char/s", "time", "run"]


def standing(name, **changes):
    found = {
        "run": Path("runs") / name,
        "cell": "gru-before",
        "num_layers": 1,
        "hidden_size": 256,
        "parameters": 1_357_705,
        "seed": 1,
        "epochs": 3.0,
        "steps": 1470,
        "val_loss": 1.2345,
        "bits_per_char": 1.781,
        "best_step": 1470,
        "chars_per_second": 45_123.0,
        "seconds": 1234.0,
        "seconds_to": 100.0,
        "ended": "done",
        "reference": Path("runs/first"),
        "differs": (),
        "settings": {},
    }
    return Standing(**found | changes)


def shown(width, *standings, to=None):
    console = Console(file=StringIO(), width=width)
    show_standings(list(standings), to, console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [50, 60, 80, 100, 120, 200])
def test_figures_and_titles_are_never_folded(width):
    lines = shown(width, standing("first"), standing(LONG), to=1.6)
    assert max(map(len, lines)) <= width
    titles = re.split("  +", lines[0].strip())
    assert {"val loss", "to 1.6", "run"} <= set(titles) <= {*TITLES, "to 1.6"}
    first = lines[1].split()
    assert len(first) == len(titles)  # each title has its figure, in one line
    assert set(first) <= {
        "gru-before",
        "1x256",
        "1,357,705",
        "3.00",
        "1.2345",
        "1.781",
        "1470",
        "45.1k",
        "20:34",
        "1:40",
        "first",
    }


@pytest.mark.parametrize(("width", "lines"), [(80, 3), (120, 2), (200, 1)])
def test_a_long_name_takes_what_is_left_and_is_broken_after_commas(width, lines):
    rows = [line.split()[-1] for line in shown(width, standing(LONG))[1 : lines + 1]]
    assert "".join(rows) == LONG
    assert all(row.endswith(",") for row in rows[:-1])


def test_a_short_name_leaves_room_for_more():
    wide, narrow = shown(200, standing("first")), shown(80, standing("first"))
    assert re.split("  +", wide[0].strip()) == TITLES and len(wide) == 2
    assert re.split("  +", narrow[0].strip()) == [title for title in TITLES if title != "at step"]
    assert narrow[-1] == "no room for at step; a wider terminal and --json show all columns"


def test_the_run_that_others_are_compared_with_is_named_wherever_it_is():
    best = standing("best", differs=("text",), val_loss=1.0)
    last = standing("last", differs=("text", "val_fraction"), ended=None)
    lines = shown(200, best, standing("first"), last)
    assert lines[1].endswith("best   other text") and lines[2].endswith("first")
    assert lines[3].endswith("last   other text, other val_fraction, not finished (step 1470)")
    assert "not comparable with that of first: those runs used another text" in lines[4]
    assert "comparable" not in " ".join(shown(200, standing("first"), standing("last", ended=None)))


def test_settings_that_differ_are_listed_but_for_those_with_a_column():
    runs = [
        standing(name, settings={"preset": preset, "cell": "gru", "learning_rate": rate})
        for name, preset, rate in (("first", "quick", 0.02), ("last", None, 0.002))
    ]
    assert shown(200, *runs)[-1] == "differ in: preset, learning_rate"
    assert not any("differ in" in line for line in shown(200, standing("first", settings={"cell": "gru"})))


def test_remarks_are_folded_between_words():
    last = standing("last", differs=("text", "val_fraction"), ended=None)
    lines = shown(80, standing("first"), last)
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert all(word in text for word in ("other text,", "val_fraction,", "not finished"))


def test_the_loss_of_a_run_that_diverged_stays_short():
    lines = shown(80, standing("first", val_loss=1.67e33, bits_per_char=2.41e33))
    assert "1.67e+33" in lines[1]
