"""The comparison of cells in charrnn/docs/results.md, from charrnn/records/sweeps/cells.jsonl; and its recording.

python -m tests.tools.cells_table                         print the table
python -m tests.tools.cells_table --record FILE FOLDER    record the results of the sweep FILE, whose runs are in FOLDER
"""

import argparse
import json
from pathlib import Path
from typing import Any

from charrnn import records
from charrnn.config import Config
from charrnn.errors import CheckpointError
from charrnn.network.shape import Shape
from charrnn.runs import checkpoint
from charrnn.search.grid import cell_grid
from charrnn.search.plan import read_sweep
from charrnn.search.trials import Trial, make_trials
from charrnn.text.vocabulary import Vocabulary
from tests.tools.record_run import DIGITS, here, text

FOUND = Path(records.__file__).parent / "sweeps" / "cells.jsonl"


def record(file: Path, folder: Path) -> None:
    """Record the best loss of every finished trial.

    Raises:
        CharrnnError: the sweep's file or a checkpoint cannot be read.
    """
    plan = read_sweep(file)
    trials = [trial for trial in make_trials(plan, folder) if trial.is_finished()]
    facts = text(checkpoint.load(trials[0].run.last).corpus) | {"machine": here(), "best_of": plan.best_of}
    FOUND.write_text("".join(json.dumps(line) + "\n" for line in (facts, *map(_outcome, trials))), encoding="utf-8")


def _outcome(trial: Trial) -> dict[str, Any]:
    saved = checkpoint.load(trial.run.last)
    best = saved.progress.best_val_loss
    if best is None:
        raise CheckpointError(f"{trial.run.folder} was never evaluated")
    shape = Shape.of(Config(**saved.config), Vocabulary.from_dict(saved.vocabulary).size)
    return {
        "point": trial.point,
        "hidden_size": shape.hidden_size,
        "parameters": shape.size,
        "val_loss": round(best, DIGITS),
    }


def table() -> str:
    """The lowest losses, with a column for each cell, as Markdown."""
    if not FOUND.is_file():
        return "The sweep has not been run yet.\n"
    facts, *outcomes = map(json.loads, FOUND.read_text(encoding="utf-8").splitlines())
    grid = cell_grid(((each["point"], each["val_loss"]) for each in outcomes), facts["best_of"])
    if grid is None:
        raise ValueError(f"{FOUND} varies nothing but the cell")
    titles = [*grid.titles, *grid.cells]
    lines = [titles, ["---"] * len(titles)]
    for rest, losses in grid.rows.items():
        lines.append([*rest, *(f"{losses[cell]:.3f}" if cell in losses else "-" for cell in grid.cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Print the table, or record a sweep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", nargs=2, type=Path, metavar=("FILE", "FOLDER"))
    options = parser.parse_args()
    if options.record:
        record(*options.record)
    else:
        print(table(), end="")


if __name__ == "__main__":
    main()
