"""A sweep's table of cells, in terminals of all widths, and its lines."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from charrnn.config import Config
from charrnn.runs.run import Run
from charrnn.search.grid import Grid
from charrnn.search.jobs import Ended
from charrnn.search.trials import Trial
from charrnn.view.sweep import SweepView, show_grid

TITLES = ("learning_rate", "hidden_size", "dropout_output", "weight_decay", "batch_size", "sequence")
GRID = Grid(TITLES, ("gru", "lstm"), {("0.00123", "117", "0.113", "0.0123", "64", "50"): {"gru": 1.2345}})


def shown(grid, width):
    console = Console(file=StringIO(), width=width)
    show_grid(grid, console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()][1:]


def test_a_column_for_each_setting_where_there_is_room():
    lines = shown(GRID, 120)
    assert lines[0].split() == [*TITLES, "gru", "lstm"]
    assert lines[1].split() == ["0.00123", "117", "0.113", "0.0123", "64", "50", "1.2345", "-"]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_one_column_for_all_of_them_where_there_is_none(width):
    lines = shown(GRID, width)
    assert max(map(len, lines)) <= width
    assert lines[0].split() == ["gru", "lstm", "settings"]
    assert lines[1].split()[:3] == ["1.2345", "-", "learning_rate=0.00123,"]
    words = " ".join(lines[1:]).split()[2:]
    assert [word.strip(",").partition("=")[0] for word in words] == list(TITLES)


def test_cells_alone_are_one_row_and_a_loss_that_diverged_stays_short():
    assert [line.split() for line in shown(Grid((), ("gru", "lstm"), {(): {"gru": 1.67e33}}), 80)] == [
        ["gru", "lstm"],
        ["1.67e+33", "-"],
    ]


def trial(name, budget):
    return Trial(Run(Path("runs/s") / name), "text.txt", "none", {}, Config(), budget=budget)


@pytest.mark.parametrize(
    ("budgets", "line"),
    [
        (["3 epochs"] * 3, "3 trials of 3 epochs each, 1 finished before\n"),
        (["3 steps", "3 steps", "4 steps"], "3 trials, 1 finished before\n"),
    ],
)
def test_the_first_line_says_how_much_is_ahead(budgets, line, capsys):
    trials = [trial(str(index), budget) for index, budget in enumerate(budgets)]
    SweepView(trials, trials[1:])
    assert capsys.readouterr().err == line


def test_each_trial_has_a_line_and_a_sweep_that_is_stopped_too(capsys):
    trials = [trial("a", "1 step"), trial("b", "1 step")]
    view = SweepView(trials, trials)
    view.show(Ended(trials[0], 1.5, None, 130.0))
    view.show(Ended(trials[1], 1.67e33, None))
    view.interrupted()
    assert capsys.readouterr().err.splitlines() == [
        "2 trials of 1 step each",
        "1/2 a: val 1.5000; about 2:10 left",
        "2/2 b: val 1.67e+33",
        "interrupted after 2 of 2; the same command continues",
    ]
