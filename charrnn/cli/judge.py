"""charrnn judge."""

import json
from dataclasses import asdict
from typing import Unpack

import click

from charrnn.cli.options import (
    Computing,
    FiniteRange,
    RunCommand,
    device_options,
    filter_options,
    json_option,
    run_argument,
    threads_option,
)
from charrnn.evaluation.quality.report import judge
from charrnn.runs.model import open_model
from charrnn.sampling.sampler import Filter
from charrnn.view.judge import show_report

COUNT, LENGTH, SEED = 20, 1000, 1


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
    type=click.IntRange(1),
    default=COUNT,
    show_default=True,
    metavar="N",
    help="Texts to draw, all at once.",
)
@click.option("--length", type=click.IntRange(1), default=LENGTH, show_default=True, help="Characters of each.")
@click.option(
    "--lines/--no-lines",
    "as_list",
    default=None,
    help="The text is a list of lines.  [default: if the run's split is one of lines]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=SEED,
    show_default=True,
    help="The same seed draws the same texts.",
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
    length: int,
    as_list: bool | None,
    seed: int,
    as_json: bool,
    **computing: Unpack[Computing],
) -> None:
    """Tell how good a run's own text is, beside real text.

    RUN is a run's folder, its name in runs/, or a checkpoint file; left out, it is the newest run. It draws texts, and
    counts what in them the text learned from has as well: words, and runs of characters, which are copied if they are
    long. Beside it are the figures of as much held-out text, which is what they should be like; where less is held out
    than was to be drawn, less is drawn, as the share of different words falls as a text grows. Of lists it counts lines
    that are new, repeated and copied, but not of held-out ones that were chosen because they occur nowhere else (split
    unique-lines); of source code, known by its braces and calls like f(x), brackets that have a partner. All texts
    begin and end anywhere, so real code has brackets without one.

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
        click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    click.echo(f"{report.model}, temperature {temp:g}, seed {seed}", err=True)
    if report.drawn.texts < count:
        unit = "bytes" if report.bytes else "characters"
        click.echo(
            f"note: the held-out text fills no more than {report.drawn.chars:,} {unit} of such "
            "texts, and no more were drawn",
            err=True,
        )
    show_report(report)
