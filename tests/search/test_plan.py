"""The file of a sweep."""

import math
from pathlib import Path

import pytest

from charrnn.errors import ConfigError
from charrnn.search.plan import read_sweep


def read(text):
    path = Path("s.yaml")
    path.write_text(text)
    return read_sweep(path)


def test_a_grid_is_every_combination():
    sweep = read("corpus: names\nbase: {steps: 5}\ngrid: {cell: [gru, lstm], parameters: [1000, 2e4]}")
    assert (sweep.corpus, sweep.preset, sweep.base) == ("names", "none", {"steps": 5})
    assert sweep.points == (
        {"cell": "gru", "parameters": 1000},
        {"cell": "gru", "parameters": 20000},
        {"cell": "lstm", "parameters": 1000},
        {"cell": "lstm", "parameters": 20000},
    )


RANDOM = """
corpus: names
random:
  learning_rate: {low: 1e-4, high: 1e-2, log: true}
  hidden_size: {low: 10, high: 20}
  cell: [gru, lstm]
"""


def test_draws_are_in_their_ranges_and_more_of_them_begin_with_the_same():
    points = read(RANDOM + "samples: 200\nseed: 3").points
    assert len(points) == 200
    rates = [point["learning_rate"] for point in points]
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
    assert 0.35 < sum(math.log10(rate) < -3 for rate in rates) / 200 < 0.65
    assert {point["hidden_size"] for point in points} == set(range(10, 21))
    assert {point["cell"] for point in points} == {"gru", "lstm"}
    assert read(RANDOM + "samples: 7\nseed: 3").points == points[:7]
    assert read(RANDOM + "samples: 7\nseed: 4").points != points[:7]
    assert len(read(RANDOM).points) == 10


def test_each_draw_is_made_with_each_combination():
    points = read(RANDOM + "grid: {num_layers: [1, 2]}\nsamples: 3").points
    assert [point["num_layers"] for point in points] == [1, 1, 1, 2, 2, 2]
    assert points[0]["learning_rate"] == points[3]["learning_rate"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corpus: a\ngird: {cell: [gru]}", "s.yaml: there is no setting 'gird'; did you mean grid?"),
        ("corpus: a\ngrid: {hiden_size: [1]}", "s.yaml: grid: there is no setting 'hiden_size'; did you mean hidden_"),
        ("corpus: a\nrandom: {paramters: [1]}", "did you mean parameters?"),
        ("corpus: a\nbase: {steps: 0}\ngrid: {cell: [gru]}", "s.yaml: steps must be at least 1, not 0"),
        ("corpus: a\ngrid: {cell: [lstn]}", "s.yaml: cell 'lstn' is not one of .*; did you mean lstm?"),
        ("corpus: a\ngrid: {cell: gru}", r"grid: cell must be a list such as \[1, 2\], not 'gru'"),
        ("corpus: a\ngrid: {cell: []}", "grid: cell must be a list"),
        ("corpus: a\ngrid: [cell]", "grid must hold `setting: ...` lines"),
        ("corpus: a", "s.yaml varies nothing; give a grid: or random:"),
        ("grid: {cell: [gru]}", "corpus must name the text to learn"),
        ("corpus: '-'\ngrid: {cell: [gru]}", "corpus must name the text to learn"),
        ("corpus: 3\ngrid: {cell: [gru]}", "corpus must be a name, not 3"),
        ("corpus: a\ngrid: {cell: [gru]}\nrandom: {cell: [gru]}", "cell is both in grid and in random"),
        ("corpus: a\ngrid: {cell: [gru]}\nbest_of: [seed]", r"best_of must be a list of settings .* not \['seed'\]"),
        ("corpus: a\ngrid: {cell: [gru]}\nbest_of: [{}]", "best_of must be a list of settings"),
        ("corpus: a\ngrid: {cell: [gru]}\nbest_of: cell", "best_of must be a list of settings"),
        ("corpus: a\ngrid: {cell: [gru], seed: [1]}\nbest_of: [seed, cell]", "s.yaml: cell cannot be in best_of"),
        ("corpus: a\ngrid: {cell: [gru]}\nsamples: 3", "samples counts the draws of random:, which is missing"),
        ("corpus: a\nrandom: {cell: [gru]}\nsamples: 0", "s.yaml: samples must be at least 1, not 0"),
        ("corpus: a\nrandom: {dropout: {low: 0}}", "dropout needs both low and high"),
        ("corpus: a\nrandom: {dropout: {low: 0, hihg: 1}}", "'hihg'; did you mean high?"),
        ("corpus: a\nrandom: {dropout: {low: 0.5, high: 0.1}}", "low must be below high, not 0.5 to 0.1"),
        ("corpus: a\nrandom: {dropout: {low: 0, high: 0.1, log: true}}", "below high and above 0"),
        ("corpus: a\nrandom: {dropout: {low: 0, high: 0.1, log: 3}}", "log must be true or false"),
        ("corpus: a\nrandom: {cell: {low: 0, high: 1}}", "cell is not a number"),
        ("corpus", "s.yaml does not consist of"),
    ],
)
def test_what_is_wrong_with_a_file(text, message):
    with pytest.raises(ConfigError, match=message):
        read(text)
