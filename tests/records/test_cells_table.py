"""The documentation's comparison of cells."""

from pathlib import Path

from click.testing import CliRunner

from charrnn.cli import cli
from tests.tools import cells_table as cells

SWEEP = """
corpus: fox.txt
base: {hidden_size: 6, seq_len: 10, batch_size: 4, steps: 3, sample_length: 0}
grid: {num_layers: [1, 2], cell: [gru, lstm], learning_rate: [0.01, 0.1]}
best_of: [learning_rate]
"""


def test_a_sweep_is_recorded_and_its_table_has_the_better_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "FOUND", tmp_path / "cells.jsonl")
    assert cells.table() == "The sweep has not been run yet.\n"
    Path("fox.txt").write_text("the quick brown fox jumps over the lazy dog\n" * 20)
    Path("s.yaml").write_text(SWEEP)
    assert CliRunner().invoke(cli, ["sweep", "s.yaml", "--device", "cpu", "--kernel", "numpy"]).exit_code == 0
    cells.record(Path("s.yaml"), Path("runs/s"))
    rows = [[each.strip() for each in line.strip("|").split("|")] for line in cells.table().splitlines()]
    assert rows[0] == ["num_layers", "gru", "lstm"] and [row[0] for row in rows[2:]] == ["1", "2"]
    found = [line for line in cells.FOUND.read_text().splitlines()[1:] if '"num_layers": 2, "cell": "lstm"' in line]
    losses = [float(line.split('"val_loss": ')[1].rstrip("}")) for line in found]
    assert len(losses) == 2 and rows[3][2] == f"{min(losses):.3f}" != f"{max(losses):.3f}"
