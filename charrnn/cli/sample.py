"""charrnn sample."""

import secrets
import sys
from typing import Unpack

import click

from charrnn.cli.escapes import refuse_escapes, refuse_unknown_stop
from charrnn.cli.options import (
    Computing,
    FiniteRange,
    RunCommand,
    WholeRange,
    device_options,
    filter_options,
    json_option,
    precision_option,
    run_argument,
    threads_option,
)
from charrnn.cli.texts import read, text_options
from charrnn.runs.model import Model, open_model
from charrnn.sampling.generate import TextLimits, count_new, generate
from charrnn.sampling.sampler import Filter
from charrnn.view.reading import note_reading
from charrnn.view.sample import BETWEEN_TEXTS, show_json, show_new_lines, show_texts
from charrnn.view.terminal import note

TEMP = Filter.temperature
LENGTH = 500
LONGEST_LINE = 2000  # characters; with --lines, a text ends after this many per line at the latest


@click.command("sample", cls=RunCommand)
@run_argument
@click.option("--temp", type=FiniteRange(0), help=f"Temperature: low is safe, high is wild.  [default: {TEMP}]")
@click.option("--greedy", is_flag=True, help="Always take the most likely character; the same as --temp 0.")
@filter_options
@click.option("--length", type=WholeRange(1), help=f"Characters to sample.  [default: {LENGTH}]")
@click.option("--lines", type=WholeRange(1), help="Stop after this many lines.")
@click.option("--stop", metavar="STRING", help="Stop before STRING.")
@click.option("--prime", metavar="TEXT", help="Begin with TEXT, which --length and --lines do not count.")
@click.option("--prime-file", metavar="FILE|-", help="Begin with the text of a file, or of standard input.")
@text_options
@click.option(
    "-n",
    "--count",
    type=WholeRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help=f"Sample N texts at once, with a line {BETWEEN_TEXTS} between them unless --lines is 1.",
)
@click.option("--seed", type=WholeRange(0, 2**63 - 1), help="The same seed gives the same text.  [default: random]")
@device_options
@precision_option
@threads_option
@json_option
def command(
    run: str | None,
    temp: float | None,
    greedy: bool,
    top_k: int,
    top_p: float,
    length: int | None,
    lines: int | None,
    stop: str | None,
    prime: str | None,
    prime_file: str | None,
    unknown: str | None,
    encoding: str | None,
    errors: str | None,
    count: int,
    seed: int | None,
    as_json: bool,
    **computing: Unpack[Computing],
) -> None:
    """Write new text in the style of what a run learned.

    RUN is a run's folder, its name in runs/, or a checkpoint file; the default is the newest run in runs/. The text
    is printed while it is sampled. A run of bytes prints exactly the bytes that it samples, even if they are not
    UTF-8, except in JSON and on a terminal, where U+FFFD replaces those. On a terminal, control characters are
    shown as escapes and the prime in bold.

    \b
    Examples:
      charrnn sample
      charrnn sample shakespeare --temp 0.5 --prime "ROMEO:"
      charrnn sample names --lines 20 --seed 1
      charrnn sample -n 5 --length 200 --top-p 0.9 --json
      head -c 300 letter.txt | charrnn sample --prime-file - --stop END
    """
    if greedy and temp is not None:
        raise click.UsageError("--greedy is --temp 0; give one of them")
    if prime is not None and prime_file is not None:
        raise click.UsageError("--prime and --prime-file both begin the text; give one of them")
    if stop == "":
        raise click.UsageError("--stop needs a string of at least one character")
    if seed is None:
        seed = secrets.randbelow(2**32)
        if sys.stderr.isatty() and not as_json:
            note(f"seed {seed}")

    model = open_model(run, **computing)
    if stop is not None:
        stop = model.in_known_form(stop)
        refuse_unknown_stop(stop, model.vocabulary)
    if prime is not None and unknown in (None, "error"):
        refuse_escapes("--prime", prime, model.vocabulary)
    begin = prime or "" if prime_file is None else read(prime_file, model.config, encoding, errors)
    encoded = model.encode(begin, unknown=unknown)
    note_reading(encoded)
    ids = encoded.ids
    choose = Filter(0.0 if greedy else TEMP if temp is None else temp, top_k, top_p)
    limits = TextLimits(length or (lines * LONGEST_LINE if lines else LENGTH), lines, stop)

    texts = generate(model, ids, choose, limits, seed=seed, count=count)
    known = model.vocabulary.decoder("surrogateescape").decode(ids)  # the prime as the model reads it
    if as_json:
        show_json(texts, known, seed)
        return
    shown = show_texts(texts, known, of_bytes=model.config.bytes, separated=lines != 1)
    if lines:
        _count_new_lines(model, shown)


def _count_new_lines(model: Model, texts: list[str]) -> None:
    tokens = model.tokens()
    lines = [line for text in texts for line in text.split("\n")[:-1] if line]
    if tokens and lines:
        show_new_lines(count_new(lines, tokens), len(lines))
