"""charrnn sample."""

import secrets
import sys
from typing import Unpack

import click

from charrnn.cli.escapes import understood_prime, understood_stop
from charrnn.cli.options import (
    Computing,
    FiniteRange,
    RunCommand,
    WholeRange,
    device_options,
    filter_options,
    json_option,
    precision_option,
    refuse,
    run_argument,
    threads_option,
)
from charrnn.cli.texts import read, reading, text_options
from charrnn.errors import OptionError
from charrnn.runs.model import Model, open_model
from charrnn.sampling.generate import DrawnText, TextLimits, count_new, generate
from charrnn.sampling.sampler import Filter
from charrnn.text.known_records import after_run, record_end
from charrnn.view.sample import BETWEEN_TEXTS, note_endless, show_json, show_new, show_texts
from charrnn.view.terminal import note

TEMP = Filter.temperature
LENGTH = 500
LONGEST_LINE = 2000  # characters; with --lines, a text ends after this many per line at the latest
LONGEST_RECORD = 20_000  # characters; a record that has not ended by then is cut off


@click.command("sample", cls=RunCommand)
@run_argument
@click.option("--temp", type=FiniteRange(0), help=f"Temperature: low is safe, high is wild.  [default: {TEMP}]")
@click.option("--greedy", is_flag=True, help="Always take the most likely character; the same as --temp 0.")
@filter_options
@click.option("--length", type=WholeRange(1), help=f"Characters to sample at most.  [default: {LENGTH}]")
@click.option("--lines", type=WholeRange(1), help="Stop after this many lines.")
@click.option(
    "--records",
    type=WholeRange(1),
    metavar="N",
    help="Sample N whole records, each from its beginning to its end, of a run that learned records (train --as "
    "records), or N lines of a list; --length is the most characters of each.",
)
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
    help=f"Sample N texts at once, with a line {BETWEEN_TEXTS} between them unless each is a single line.",
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
    records: int | None,
    stop: str | None,
    prime: str | None,
    prime_file: str | None,
    unknown: str,
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

    A run that learned records (train --as records) begins a text as a record begins. Without --length, --lines and
    --stop it writes one whole record for each text; with one of them it continues through the ends of records.

    \b
    Examples:
      charrnn sample
      charrnn sample shakespeare --temp 0.5 --prime "ROMEO:"
      charrnn sample names --lines 20 --seed 1
      charrnn sample recipes --records 5
      charrnn sample -n 5 --length 200 --top-p 0.9 --json
      head -c 300 letter.txt | charrnn sample --prime-file - --stop END
    """
    if greedy and temp is not None:
        raise click.UsageError("--greedy is --temp 0; give one of them")
    if prime is not None and prime_file is not None:
        raise click.UsageError("--prime and --prime-file both begin the text; give one of them")
    if stop == "":
        raise click.UsageError("--stop needs a string of at least one character")
    if records:
        refuse("lines", "stop", "count", because="says where texts end or how many there are, as --records does")
    if seed is None:
        seed = secrets.randbelow(2**32)
        if sys.stderr.isatty() and not as_json:
            note(f"seed {seed}")

    model = open_model(run, **computing)
    end = record_end(model.config, model.vocabulary)
    if records and not end:
        raise OptionError(f"{model.path} learned a text without records; train TEXT --as records learns them whole")
    whole = bool(records or (model.config.separator and not (length or lines or stop)))
    if stop is not None:
        stop = understood_stop(stop, model)
    if prime is not None and unknown == "error":
        prime = understood_prime(prime, model)
    config = reading(model.config, encoding, errors)
    begin = prime or "" if prime_file is None else read([prime_file], config, ended=False)
    ids = model.encode(begin, unknown=unknown)
    choose = Filter(0.0 if greedy else TEMP if temp is None else temp, top_k, top_p)
    if whole:
        limits = TextLimits(length or (LONGEST_LINE if end == "\n" else LONGEST_RECORD), stop=end, skips_empty=True)
    else:
        limits = TextLimits(length or (lines * LONGEST_LINE if lines else LENGTH), lines, stop)

    texts = list(generate(model, ids, choose, limits, seed=seed, count=records or count))  # nothing is drawn yet
    known = model.vocabulary.decoder("surrogateescape").decode(ids)  # the prime as the model reads it
    if as_json:
        show_json(texts, known, seed, whole=whole)
        return
    separated = end != "\n" if whole else lines != 1
    shown = show_texts(texts, known, of_bytes=model.config.bytes, separated=separated, end=end if whole else "\n")
    if whole:
        _count_new_records(model, texts, shown, end, limits.length)
    elif lines:
        _count_new(model, [line for text in shown for line in text.split("\n")[:-1]], "\n")


def _count_new_records(model: Model, texts: list[DrawnText], shown: list[str], end: str, longest: int) -> None:
    """Say how many records are new, and how many are not whole."""
    ended = [text for text, drawn in zip(shown, texts, strict=True) if drawn.stopped]
    if len(ended) < len(texts):
        note_endless(len(texts) - len(ended), len(texts), longest)
    _count_new(model, ended, end)


def _count_new(model: Model, records: list[str], end: str) -> None:
    """Say how many of the records, or lines, that are not empty are new."""
    tokens = model.tokens()
    records = [record for each in records if (record := after_run(each, end))]
    if tokens and records:
        show_new(count_new(records, tokens, end), len(records), "line" if end == "\n" else "record")
