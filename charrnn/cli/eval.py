"""charrnn eval."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from charrnn import hints
from charrnn.cli.options import (
    FiniteRange,
    RunCommand,
    device_options,
    json_option,
    precision_option,
    refuse,
    run_argument,
    threads_option,
)
from charrnn.cli.progress import progress_bar
from charrnn.cli.terminal import printable
from charrnn.cli.texts import reading, text_options
from charrnn.errors import ConfigError, CorpusError
from charrnn.evaluation.baselines import baselines
from charrnn.evaluation.dynamic import Learning, dynamic_score
from charrnn.evaluation.score import Evaluator, Progress, Score, score_lines
from charrnn.evaluation.units import bits_per_char, perplexity
from charrnn.runs.model import Model, load_parameters, open_model
from charrnn.text.prompt import read_text
from charrnn.view.wording import figure

DYNAMIC = Learning(rate=2e-5, decay=1e-3)
PARTS = {"train": "the training part", "val": "the held-out part", "test": "the test part"}
LONG = 1 << 20  # characters, from which on the baselines take seconds
SHORT = 1.0  # seconds of work that are not worth a bar


@click.command("eval", cls=RunCommand)
@run_argument
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option(
    "--split",
    "part",
    type=click.Choice([*PARTS], case_sensitive=False),
    default="val",
    show_default=True,
    help="Which part of the run's own text; train is what it learned from. Read test once, when all is decided.",
)
@click.option("--dynamic", is_flag=True, help="Let the model go on learning while it reads; a figure of its own kind.")
@click.option(
    "--dynamic-rate",
    type=FiniteRange(0),
    default=DYNAMIC.rate,
    show_default=True,
    help="With --dynamic: how fast it learns.",
)
@click.option(
    "--dynamic-decay",
    type=FiniteRange(0, 1),
    default=DYNAMIC.decay,
    show_default=True,
    help="With --dynamic: how strongly it is drawn back to what it knew.",
)
@click.option(
    "--baselines",
    "beside",
    is_flag=True,
    help="Also what counting (a 6-gram, Kneser-Ney) and compressing (xz -9) make of it, both after the "
    "run's training text; xz goes on learning from the text itself.",
)
@click.option("--per-line", is_flag=True, help="Rank the lines, likeliest per character first: bits/char, tab, line.")
@text_options
@device_options
@precision_option
@threads_option
@json_option
def command(
    run: str | None,
    file: str | None,
    part: str,
    dynamic: bool,
    dynamic_rate: float,
    dynamic_decay: float,
    beside: bool,
    per_line: bool,
    unknown: str,
    encoding: str | None,
    errors: str | None,
    device: str,
    kernel: str,
    precision: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Measure how well a run predicts a text.

    RUN is a run's folder, its name in runs/, or a checkpoint file; left out, it is the newest run. Without FILE it is
    the part of the run's text that was held out. A single argument that is a file, and no checkpoint, is FILE.

    \b
    Examples:
      charrnn eval
      charrnn eval shakespeare
      charrnn eval shakespeare letter.txt --unknown replace
      charrnn eval shakespeare --dynamic
      charrnn eval shakespeare --baselines
      charrnn eval letter.txt --json
      sort -u names.txt | charrnn eval names - --per-line | tail
    """
    if beside and per_line:
        raise click.UsageError("--baselines are of a text as a whole, and --per-line is of its lines; give one of them")
    if dynamic and per_line:
        raise click.UsageError("--dynamic reads a text as a whole, and --per-line its lines; give one of them")
    if not dynamic:
        refuse("dynamic_rate", "dynamic_decay", because="is only of use with --dynamic")
    run, file = _which(run, file)
    if file is not None:
        refuse("part", because=f"is of the run's own text, and {file} is another one; give one of them")
    model, unseen = open_model(run, device=device, kernel=kernel, threads=threads, precision=precision), 0
    if file is None:
        ids, what = _own_part(model, part), PARTS[part]
    else:
        text = read_text(file, reading(model.config, encoding, errors))
        ids, what = model.encode(text, unknown=unknown), "standard input" if file == "-" else file
        if unseen := model.vocabulary.count_unseen(text):
            done = "skipped" if unknown == "skip" else "replaced"
            click.echo(f"note: {unseen:,} of {len(text):,} characters are unknown, and were {done}", err=True)
    unit = "byte" if model.config.bytes else "character"
    if len(ids) < 2:
        plural = "s" * (len(ids) != 1)
        raise CorpusError(f"{what} has {len(ids)} {unit}{plural} that {model.path} knows; at least 2 are needed")
    with progress_bar("reading", after=SHORT) as progress:
        if per_line:
            lines = _ranked_lines(model, ids, progress)
        elif dynamic:
            score = _dynamic_score(model, ids, Learning(dynamic_rate, dynamic_decay), progress)
            what = f"{what}, learning from it"
        else:
            evaluator = Evaluator(model.shape, model.params, model.backend, model.choice.kernels, len(ids))
            score = evaluator.score(ids, progress)
    if per_line:
        _print_lines(lines, as_json)
    else:
        others = _beside(model, ids) if beside else {}
        _print_score(
            {
                "model": str(model.path),
                "text": what,
                "dynamic": dynamic,
                **_figures(score.loss),
                "chars": score.chars,
                "unknown": unseen,
            },
            others,
            unit,
            as_json,
        )


def _which(run: str | None, file: str | None) -> tuple[str | None, str | None]:
    """Run and file; a single argument can be either."""
    if run is None or file is not None:
        return run, file
    is_text = run == "-" or (Path(run).is_file() and Path(run).suffix != ".safetensors")
    return (None, run) if is_text else (run, None)


def _dynamic_score(model: Model, ids: np.ndarray, learning: Learning, progress: Progress | None) -> Score:
    moments = model.checkpoint.moments.get("square_mean")
    if moments is None:
        raise ConfigError(
            f"--dynamic needs the mean squared gradients that adam, adamw and rmsprop keep; {model.path} "
            f"was trained with {model.config.optimizer}"
        )
    square_mean = load_parameters(model.shape, model.backend, moments, model.path)
    return dynamic_score(
        model.shape, model.params, square_mean, model.backend, model.choice.kernels, ids, learning, progress
    )


def _beside(model: Model, ids: np.ndarray) -> dict[str, dict[str, float]]:
    tokens = model.tokens()
    if tokens is None:
        again = hints.command("train", "--resume", "--run", model.path.parent)
        raise CorpusError(
            f"--baselines need the text that {model.path} learned from, which is gone or damaged; "
            f"{again} reads it again"
        )
    if len(tokens.train) > LONG:
        click.echo(f"counting and compressing {len(tokens.train):,} characters", err=True)
    return {name: _figures(loss) for name, loss in baselines(tokens.train, ids, model.vocabulary).items()}


def _own_part(model: Model, part: str) -> np.ndarray:
    tokens = model.tokens()
    if tokens is None:
        raise CorpusError(
            f"{PARTS[part]} of the text, which lay beside {model.path}, is gone or damaged; name the "
            f"text: {_with_file(model)}"
        )
    ids = getattr(tokens.parts, part)
    if not len(ids):
        raise CorpusError(
            f"{model.path.parent} has no {part} part, as nothing was held out for it; name a text: {_with_file(model)}"
        )
    return ids


def _with_file(model: Model) -> str:
    return hints.command("eval", model.path.parent, "FILE")


def _ranked_lines(model: Model, ids: np.ndarray, progress: Progress | None) -> list[dict[str, Any]]:
    """The lines that are not empty, likeliest first."""
    newline = model.vocabulary.newline
    if newline is None:
        raise ConfigError(f"{model.path} learned from a text without line ends, and cannot judge lines by themselves")
    pieces = np.split(ids, np.flatnonzero(ids == newline) + 1)
    lines = [line for piece in pieces if len(line := piece[piece != newline])]
    scores = score_lines(model.shape, model.params, model.backend, model.choice.kernels, lines, newline, progress)
    ranked = sorted(zip(scores, lines, strict=True), key=lambda pair: pair[0].loss)
    return [
        {
            "line": model.vocabulary.decode(line),
            "loss": score.loss,
            "bits_per_char": bits_per_char(score.loss),
            "chars": score.chars,
        }
        for score, line in ranked
    ]


def _print_lines(lines: list[dict[str, Any]], as_json: bool) -> None:
    for line in lines:
        row = f"{line['bits_per_char']:.3f}\t{printable(line['line'])}"
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else row)


def _figures(loss: float) -> dict[str, float]:
    return {"loss": loss, "bits_per_char": bits_per_char(loss), "perplexity": perplexity(loss)}


def _print_score(facts: dict[str, Any], others: dict[str, dict[str, float]], unit: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts | ({"baselines": others} if others else {}), ensure_ascii=False))
        return
    each = unit[:4]
    click.echo(f"{facts['model']} on {facts['text']}", err=True)
    name = "dynamic" if facts["dynamic"] else "loss"  # the one is never to be taken for the other
    click.echo(f"{name:<11} {figure(facts['loss'], 4)} nats/{each}")
    click.echo(f"bits/{each}   {figure(facts['bits_per_char'], 4)}")
    click.echo(f"perplexity  {figure(facts['perplexity'], 4)}")
    click.echo(f"{f'{unit}s':<11} {facts['chars']}")
    for name, figures in others.items():
        click.echo(f"{name:<11} {figures['loss']:.4f} nats/{each}, {figures['bits_per_char']:.4f} bits")
