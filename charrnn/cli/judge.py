"""charrnn judge."""

import json
from dataclasses import asdict
from typing import Unpack

import click

from charrnn.cli.options import (
    Computing,
    FiniteRange,
    RunCommand,
    WholeRange,
    device_options,
    filter_options,
    json_option,
    run_argument,
    threads_option,
)
from charrnn.evaluation.quality.report import LENGTH, judge
from charrnn.runs.model import open_model
from charrnn.sampling.sampler import Filter
from charrnn.view.judge import show_report

COUNT, SEED = 20, 1


@click.command("judge", cls=RunCommand)
@run_argument
@click.option(
    "--temp",
    type=FiniteRange(0),
    default=Filter.temperature,
    show_default=True,
    help="Temperature: low is safe, high is wild.",
)
@filter_options
@click.option(
    "-n",
    "--count",
    type=WholeRange(1),
    default=COUNT,
    show_default=True,
    metavar="N",
    help="Texts to sample at once.",
)
@click.option(
    "--length",
    type=WholeRange(1),
    help=f"Characters in each text.  [default: {LENGTH}, or more if a run learned longer records]",
)
@click.option(
    "--lines/--no-lines",
    "as_list",
    default=None,
    help="Whether the text is a list of lines.  [default: as the run's split says]",
)
@click.option(
    "--seed",
    type=WholeRange(0, 2**63 - 1),
    default=SEED,
    show_default=True,
    help="The same seed gives the same texts.",
)
@device_options
@threads_option
@json_option
def command(
    run: str | None,
    temp: float,
    top_k: int,
    top_p: float,
    count: int,
    length: int | None,
    as_list: bool | None,
    seed: int,
    as_json: bool,
    **computing: Unpack[Computing],
) -> None:
    """Compare a run's samples with real text.

    RUN is a run's folder, its name in runs/, or a checkpoint file; the default is the newest run in runs/. The
    command samples texts, and counts their words and passages that also occur in the training text; long passages
    that do count as copied. The same figures for an equal amount of held-out text show what to aim for. If less
    text is held out than was asked for, less is sampled, because the share of different words falls as a text
    grows.

    For lists, it counts the lines that are new, repeated or copied, and so it does for the records of a run that
    learned records; but not in held-out text whose lines or records were chosen because they occur nowhere else
    (split unique-lines). For source code, which is recognized by its braces and calls
    like f(x), it counts the brackets that have a partner. Texts begin and end anywhere, so even real code has brackets
    without one.

    \b
    Examples:
      charrnn judge
      charrnn judge shakespeare --temp 1
      charrnn judge names --count 100 --length 500
      charrnn judge linux --json | jq .drawn.copied
    """
    model = open_model(run, **computing)
    choose = Filter(temp, top_k, top_p)
    report = judge(model, choose, count=count, length=length, seed=seed, as_list=as_list)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
        return
    show_report(report, count)
