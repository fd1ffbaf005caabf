"""charrnn eval."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import click
import numpy as np

from charrnn.cli.options import (
    Computing,
    FiniteRange,
    RunCommand,
    device_options,
    json_option,
    precision_option,
    refuse,
    run_argument,
    threads_option,
)
from charrnn.cli.progress import SHORT, progress_bar
from charrnn.cli.texts import read, reading, text_options
from charrnn.evaluation.dynamic import Learning
from charrnn.evaluation.parts import PARTS, learned_text, own_part
from charrnn.evaluation.ranking import rank_lines, rank_records
from charrnn.evaluation.report import EvalReport, LossFigures, require_two, score_baselines, score_text
from charrnn.runs.find import is_run
from charrnn.runs.model import Model, open_model
from charrnn.text.source import is_pipe
from charrnn.view.eval import note_baselines, note_unknown, show_ranked, show_score

DYNAMIC = Learning(rate=2e-5, decay=1e-3)


@click.command("eval", cls=RunCommand)
@run_argument
@click.argument("files", nargs=-1, metavar="[FILE|-]...")
@click.option(
    "--split",
    "part",
    type=click.Choice([*PARTS], case_sensitive=False),
    default="val",
    show_default=True,
    help="Part of the run's own text: train is what it learned from; use test once, at the end.",
)
@click.option("--dynamic", is_flag=True, help="Keep learning while reading; not comparable with a plain evaluation.")
@click.option(
    "--dynamic-rate",
    type=FiniteRange(0),
    default=DYNAMIC.rate,
    show_default=True,
    help="With --dynamic: how fast the model learns.",
)
@click.option(
    "--dynamic-decay",
    type=FiniteRange(0, 1),
    default=DYNAMIC.decay,
    show_default=True,
    help="With --dynamic: how strongly the weights are pulled back to the trained ones.",
)
@click.option(
    "--baselines",
    "beside",
    is_flag=True,
    help="Also score a 6-gram model and `xz -9`, both given the run's training text; xz keeps learning as it reads.",
)
@click.option("--per-line", is_flag=True, help="Rank the lines, most likely first: bits per character, tab, line.")
@click.option(
    "--per-record",
    is_flag=True,
    help="Rank the records of a run that learned records in the same way; their line feeds are shown as \\n.",
)
@text_options
@device_options
@precision_option
@threads_option
@json_option
def command(
    run: str | None,
    files: tuple[str, ...],
    part: str,
    dynamic: bool,
    dynamic_rate: float,
    dynamic_decay: float,
    beside: bool,
    per_line: bool,
    per_record: bool,
    unknown: str,
    encoding: str | None,
    errors: str | None,
    as_json: bool,
    **computing: Unpack[Computing],
) -> None:
    """Measure how well a run predicts a text.

    RUN is a run's folder, its name in runs/, or a checkpoint file; the default is the newest run in runs/. The text
    is FILE, a file or a folder, or several, which are read in turn; or else the held-out part of the run's own text.
    Arguments that all name text files are FILEs.

    \b
    Examples:
      charrnn eval
      charrnn eval shakespeare
      charrnn eval shakespeare letter.txt --unknown replace
      charrnn eval shakespeare --dynamic
      charrnn eval shakespeare --baselines
      charrnn eval letter.txt --json
      charrnn eval prose poems/*.txt
      sort -u names.txt | charrnn eval names - --per-line | tail
    """
    if per_line and per_record:
        raise click.UsageError("--per-line and --per-record each rank parts of a text; give one of them")
    for option, wanted, parts in (("--per-line", per_line, "lines"), ("--per-record", per_record, "records")):
        if wanted and (beside or dynamic):
            whole = "--baselines scores" if beside else "--dynamic reads"
            raise click.UsageError(f"{whole} a whole text, and {option} its {parts}; give one of them")
    if not dynamic:
        refuse("dynamic_rate", "dynamic_decay", because="has no effect without --dynamic")
    run, texts = _run_and_files([run, *files] if run is not None else [])
    if texts:
        refuse("part", because=f"names a part of the run's own text, and {texts[0]} is another text; give one of them")
    model, unseen = open_model(run, **computing), 0
    if not texts:
        ids, text = own_part(model, part), PARTS[part]
    else:
        ids, unseen = _read(model, texts, unknown, encoding, errors)
        text = "standard input" if texts[0] == "-" else texts[0]
        text += f" and {len(texts) - 1} more" if len(texts) > 1 else ""
    require_two(model, ids, text)
    if per_line or per_record:
        with progress_bar("reading", after=SHORT) as progress:
            ranked = rank_records(model, ids, progress) if per_record else rank_lines(model, ids, progress)
        show_ranked(ranked, "record" if per_record else "line", as_json=as_json)
        return
    with progress_bar("reading", after=SHORT) as progress:
        score = score_text(model, ids, Learning(dynamic_rate, dynamic_decay) if dynamic else None, progress)
    others = {}
    if beside:
        train = learned_text(model, "--baselines need").train
        note_baselines(len(train))
        others = score_baselines(model, train, ids)
    report = EvalReport(
        model=str(model.path),
        text=f"{text}, learning from it" if dynamic else text,
        dynamic=dynamic,
        figures=LossFigures.of(score.loss),
        chars=score.chars,
        unknown=unseen,
        baselines=others,
    )
    if as_json:
        click.echo(json.dumps(report.to_dict()))
    else:
        show_score(report, "byte" if model.config.bytes else "character")


def _run_and_files(names: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """The arguments as the run, if one is named, and the texts: the first may be either."""
    if not names or not _is_text(names[0]):
        return next(iter(names), None), names[1:]
    if len(names) > 1 and is_run(names[0]):
        return names[0], names[1:]
    return None, names


def _is_text(name: str) -> bool:
    path = Path(name)
    return name == "-" or is_pipe(path) or (path.is_file() and path.suffix != ".safetensors")


def _read(
    model: Model, files: Sequence[str], unknown: str, encoding: str | None, errors: str | None
) -> tuple[np.ndarray, int]:
    """The ids of a text, and how many of its characters the model does not know."""
    text = read(files, reading(model.config, encoding, errors))
    ids, unseen = model.encode(text, unknown=unknown), model.vocabulary.count_unseen(text)
    if unseen:
        note_unknown(unseen, len(text), unknown)
    return ids, unseen
