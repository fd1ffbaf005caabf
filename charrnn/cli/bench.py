"""charrnn bench."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from charrnn.bench.curve.measure import CurveReport, CurveRequest, measure_curve
from charrnn.bench.job import TORCH
from charrnn.bench.match import BenchRequest, bench
from charrnn.bench.report import BenchReport
from charrnn.bench.workload import Workload
from charrnn.cli.completion import complete_presets, complete_texts
from charrnn.cli.naming import naming_options
from charrnn.cli.options import WholeRange, device_options, json_option, precision_option, refuse, threads_option
from charrnn.cli.settings import SettingOption
from charrnn.config import SETTINGS, Config, resolve
from charrnn.kernels.choice import KERNELS
from charrnn.presets import load_file, load_preset
from charrnn.session import COMMAND_LINE, open_corpus
from charrnn.view.bench import show_report
from charrnn.view.curve import show_curves
from charrnn.view.terminal import note

Report = TypeVar("Report", BenchReport, CurveReport)

SIZES = ("cell", "hidden_size", "num_layers", "batch_size", "seq_len")
RIVALS = (TORCH, *(kernel for kernel in KERNELS if kernel != "auto"))


def size_options(command: click.Command) -> click.Command:
    """Add the options of `charrnn train` that set the size of a training step."""
    command.params[:0] = [SettingOption(name, SETTINGS[name]) for name in SIZES]
    return command


@size_options
@click.command()
@click.option("--vocab-size", type=WholeRange(2), default=65, show_default=True, help="Different characters.")
@device_options
@precision_option
@threads_option
@click.option(
    "--vs",
    "rival",
    type=click.Choice(RIVALS, case_sensitive=False),
    help="Alternate with a rival: torch, or other kernels.",
)
@click.option(
    "--pairs", type=WholeRange(1), default=7, show_default=True, help="With --vs: number of turns of each side."
)
@click.option(
    "--steps",
    type=WholeRange(1),
    help="Steps to time in a turn, or to train with --curve.  [default: a second's worth; with --curve, the settings']",
)
@click.option(
    "--sampling",
    is_flag=True,
    help="Also time sampling (on a CPU with weights rounded to 10 bits, unless --precision is float32).",
)
@click.option(
    "--curve",
    metavar="CORPUS",
    shell_complete=complete_texts,
    help="Let both sides learn this text, and compare their losses over time.",
)
@click.option(
    "--preset",
    default="quick",
    show_default=True,
    metavar="NAME",
    shell_complete=complete_presets,
    help="With --curve: settings to train with.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --curve: settings in YAML, which override the preset's.",
)
@json_option
def command(
    vocab_size: int,
    device: str,
    kernel: str,
    precision: str,
    threads: int | None,
    rival: str | None,
    pairs: int,
    steps: int | None,
    sampling: bool,
    curve: str | None,
    preset: str,
    config_file: Path | None,
    as_json: bool,
    **sizes: Any,
) -> None:
    """Measure how fast a network trains on this machine, and how fast it could be.

    The kernels are first checked against the reference; wrong kernels are not timed. With --vs both sides do the same
    work on the same text in separate, alternating processes. On a busy machine only the ratio within a pair is
    meaningful. To compare with PyTorch, install it with pip install torch.

    With --curve both sides learn a text with the same settings, from the same weights and the same chunks, in
    alternating turns. The loss on the held-out part is compared over the time of training, without evaluations. Sizes
    given here override the preset's.

    The rate of a step counts the operations of its matrix products only, and is shown as a share of the rate of one
    large product; the least memory traffic is shown as a share of the rate of one large copy. Memory is compared with
    the minimum that training needs: weights, gradients, moments, activations for the backward pass, and text. What a
    process needs for any network is not counted. On a GPU, memory is that of the device, and times come from events in
    its queue; PyTorch is tried in TF32, IEEE float32 and float16, each with and without a CUDA graph, and its fastest
    variant is the rival.

    \b
    Examples:
      charrnn bench
      charrnn bench --cell gru --hidden-size 256 --vs torch
      charrnn bench --hidden-size 512 --batch-size 64 --seq-len 64 --vs torch --sampling
      charrnn bench --kernel cpu --vs numpy --pairs 3
      charrnn bench --device gpu --json
      charrnn bench --vs torch --curve shakespeare --preset quick
    """
    given = {name: value for name, value in sizes.items() if value is not None}
    if not rival:
        refuse("pairs", because="counts turns with a rival; name one with --vs")
    if curve is None:
        refuse("preset", "config_file", because="has no effect without --curve")
        with naming_options(given):
            config = Config(**given)
        workload = Workload(vocab_size=vocab_size, **{name: getattr(config, name) for name in SIZES})
        request = BenchRequest(workload, device, kernel, rival, pairs, steps, sampling, precision, threads)
        report = bench(request, note)
        _print(report, show_report, as_json)
        return
    refuse("vocab_size", "pairs", "sampling", because="has no effect with --curve; drop one of them")
    if not rival:
        raise click.UsageError("--curve compares two sides; name the other with --vs")
    if precision != Config.precision:
        given["precision"] = precision
    if steps:
        given["steps"] = steps
    config = _recipe(preset, config_file, given)
    source = open_corpus((curve,), config)
    curves = measure_curve(CurveRequest(source, config, rival, device, kernel, threads), note)
    _print(curves, show_curves, as_json)


def _recipe(preset: str, config_file: Path | None, given: dict[str, Any]) -> Config:
    """The settings of the training run whose curve is measured."""
    with naming_options([*given, "preset"]):
        sources = [(f"preset {preset}", load_preset(preset))]
        if config_file:
            sources.append((str(config_file), load_file(config_file)))
        return resolve(*sources, (COMMAND_LINE, given))[0]


def _print(report: Report, show: Callable[[Report], None], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        show(report)
