"""charrnn sample."""

import json
import secrets
import sys
from collections.abc import Callable, Iterator

import click

from charrnn.cli.options import (
    FiniteRange,
    RunCommand,
    device_options,
    filter_options,
    json_option,
    precision_option,
    run_argument,
    threads_option,
)
from charrnn.cli.terminal import printable
from charrnn.cli.texts import reading, text_options
from charrnn.runs.model import Model, open_model
from charrnn.sampling.generate import Limits, count_new, generate
from charrnn.sampling.sampler import Filter
from charrnn.text.prompt import read_text
from charrnn.text.vocabulary import raw, readable

TEMP = Filter.temperature
LENGTH = 500
LONGEST_LINE = 2000  # with --lines, so many characters for each are allowed before it is given up
BETWEEN_TEXTS = "---"


@click.command("sample", cls=RunCommand)
@run_argument
@click.option("--temp", type=FiniteRange(0), help=f"Temperature: low is safe, high is wild.  [default: {TEMP}]")
@click.option("--greedy", is_flag=True, help="Always the likeliest character; the same as --temp 0.")
@filter_options
@click.option("--length", type=click.IntRange(1), help=f"Characters to draw.  [default: {LENGTH}]")
@click.option("--lines", type=click.IntRange(1), help="Stop after so many lines.")
@click.option("--stop", metavar="STRING", help="Stop before STRING.")
@click.option("--prime", metavar="TEXT", help="Begin with TEXT; it is printed, and not counted in --length or --lines.")
@click.option("--prime-file", metavar="FILE|-", help="Begin with the text of a file, or of standard input.")
@text_options
@click.option(
    "-n",
    "--count",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help=f"Draw N texts at once; a line {BETWEEN_TEXTS} stands between them, unless --lines is 1.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The same seed draws the same text.  [default: random]")
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
    unknown: str,
    encoding: str | None,
    errors: str | None,
    count: int,
    seed: int | None,
    device: str,
    kernel: str,
    precision: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Write new text in the style of what a run learned.

    RUN is a run's folder, its name in runs/, or a checkpoint file; left out, it is the newest run. The text goes to
    standard output as it is drawn; that of a run of bytes byte for byte, UTF-8 or not. In JSON, which cannot hold them,
    bytes that are not UTF-8 are U+FFFD; on a terminal as well, where control characters are escapes.

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
            click.echo(f"seed {seed}", err=True)

    model = open_model(run, device=device, kernel=kernel, threads=threads, precision=precision)
    if prime_file is not None:
        prime = read_text(prime_file, reading(model.config, encoding, errors))
    ids = model.encode(prime or "", unknown=unknown)
    choose = Filter(0.0 if greedy else TEMP if temp is None else temp, top_k, top_p)
    limits = Limits(length or (lines * LONGEST_LINE if lines else LENGTH), lines, stop)

    beginning = model.vocabulary.decoder("surrogateescape").decode(ids)
    texts = generate(model, ids, choose, limits, seed=seed, count=count)
    if as_json:
        for index, pieces in enumerate(texts):
            row = {"text": readable("".join(pieces)), "prime": readable(beginning), "seed": seed, "index": index}
            click.echo(json.dumps(row, ensure_ascii=False))
    else:
        write = _write_bytes if model.vocabulary.characters is None else _write
        written = [_stream(beginning, pieces, index > 0 and lines != 1, write) for index, pieces in enumerate(texts)]
        if lines:
            _tell_how_new(model, written)


def _write(text: str) -> None:
    click.echo(printable(text), nl=False)


def _write_bytes(text: str) -> None:
    if sys.stdout.isatty():
        _write(readable(text))
    else:
        click.echo(raw(text), nl=False)  # just as they were drawn, UTF-8 or not


def _stream(beginning: str, pieces: Iterator[str], separated: bool, write: Callable[[str], None]) -> str:
    """Write a text as it is drawn, and end its last line; returns it from the line on that the drawing began in."""
    write(f"{BETWEEN_TEXTS}\n{beginning}" if separated else beginning)
    text = beginning.rpartition("\n")[2]
    for piece in pieces:
        write(piece)
        text += piece
    if not text.endswith("\n"):
        write("\n")
    return text


def _tell_how_new(model: Model, texts: list[str]) -> None:
    tokens = model.tokens()
    lines = [line for text in texts for line in text.split("\n")[:-1] if line]
    if tokens and lines:
        new = count_new(lines, tokens)
        click.echo(f"{new} of {len(lines)} lines are not in the text that the run learned from", err=True)
