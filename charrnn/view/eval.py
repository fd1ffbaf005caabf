"""How well a run predicts a text, as lines."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from charrnn.evaluation.ranking import RankedLine
from charrnn.evaluation.report import EvalReport
from charrnn.view.terminal import note, print_line
from charrnn.view.wording import figure

LONG = 1 << 20  # characters


def show_score(report: EvalReport, unit: str) -> None:
    """Print a score on standard output, and its model and text on standard error; `unit` is character or byte."""
    each, figures = unit[:4], report.figures
    note(f"{report.model} on {report.text}")
    name = "dynamic" if report.dynamic else "loss"  # not comparable, so they must not look alike
    print_line(f"{name:<11} {figure(figures.loss, 4)} nats/{each}")
    print_line(f"bits/{each}   {figure(figures.bits_per_char, 4)}")
    print_line(f"perplexity  {figure(figures.perplexity, 4)}")
    print_line(f"{f'{unit}s':<11} {report.chars}")
    for name, beside in report.baselines.items():
        print_line(f"{name:<11} {beside.loss:.4f} nats/{each}, {beside.bits_per_char:.4f} bits")


def show_ranked(ranked: Iterable[RankedLine], unit: str, *, as_json: bool) -> None:
    """Print lines or records with their bits per character, each in one line, or as JSON; `unit` is line or record."""
    for each in ranked:
        if as_json:
            values = asdict(each)
            print_line(json.dumps({unit: values.pop("line"), **values}))
        else:
            in_one_line = each.line.replace("\n", "\\n")
            print_line(f"{each.bits_per_char:.3f}\t{in_one_line}")


def note_baselines(chars: int) -> None:
    """Say that baselines take a while, if the training text of `chars` characters is long."""
    if chars > LONG:
        note(f"counting and compressing {chars:,} characters")
