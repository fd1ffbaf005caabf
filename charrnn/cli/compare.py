"""charrnn compare."""

import json
from dataclasses import asdict
from typing import Any

import click

from charrnn.cli.completion import complete_runs
from charrnn.cli.options import FiniteRange, json_option
from charrnn.evaluation.compare import compare, find_runs
from charrnn.view.compare import show_standings


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs)
@click.option(
    "--to",
    type=FiniteRange(0),
    metavar="LOSS",
    help="Also show the time until the validation loss was at or below LOSS (nats per character).",
)
@json_option
def command(runs: tuple[str, ...], to: float | None, as_json: bool) -> None:
    """Compare runs: what they are, what they reached, and how fast.

    RUN is a run's folder, its name in runs/, or a folder of runs, such as a sweep's. The lowest validation loss comes
    first. Time and characters per second include evaluations. A run is marked if it learned a different text from the
    first run named, or holds out a different part of it: their losses are not comparable.

    \b
    Examples:
      charrnn compare lstm gru
      charrnn compare runs/ --to 1.6
      charrnn compare cells --json | jq '.[0]'
    """
    found = {run.folder: run for name in runs for run in find_runs(name)}
    standings = compare(found.values(), to)
    if as_json:
        print_json([asdict(each) for each in standings])
    else:
        show_standings(standings, to)


def print_json(rows: list[dict[str, Any]]) -> None:
    """Print a list of objects on standard output."""
    click.echo(json.dumps(rows, default=str, indent=2))
