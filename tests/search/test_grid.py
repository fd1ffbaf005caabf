"""The results of a sweep as a table of cells."""

from charrnn.search.grid import Grid, cell_grid


def point(cell, **others):
    return {"cell": cell} | others


def test_rows_are_the_other_settings_and_losses_the_best_over_best_of():
    found = [
        (point(cell, num_layers=layers, learning_rate=rate), loss)
        for cell, layers, rate, loss in [
            ("gru", 1, 0.1, 2.0),
            ("gru", 1, 0.2, 1.9),
            ("lstm", 1, 0.1, 1.8),
            ("lstm", 1, 0.2, None),
            ("gru", 2, 0.1, None),
            ("gru", 2, 0.2, None),
            ("lstm", 2, 0.1, 1.5),
            ("lstm", 2, 0.2, 1.6),
        ]
    ]
    rows = {("1",): {"gru": 1.9, "lstm": 1.8}, ("2",): {"lstm": 1.5}}
    assert cell_grid(found, ["learning_rate"]) == Grid(("num_layers",), ("gru", "lstm"), rows)


def test_cells_alone_are_a_row_if_best_of_varies():
    found = [(point("gru", seed=1), 2.0), (point("gru", seed=2), 1.9), (point("lstm", seed=1), 1.7)]
    assert cell_grid(found, ["seed"]) == Grid((), ("gru", "lstm"), {(): {"gru": 1.9, "lstm": 1.7}})
    assert cell_grid([(point("gru"), 2.0), (point("lstm"), 1.7)], []) is None  # the table of runs shows the same
    assert cell_grid(found[:2], ["seed"]) is None
