"""charrnn bench."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from charrnn.bench.curve import measure as curves
from charrnn.bench.job import TORCH
from charrnn.bench.match import BenchRequest, bench
from charrnn.bench.workload import Workload
from charrnn.cli.completion import complete_presets, complete_texts
from charrnn.cli.options import device_options, json_option, precision_option, refuse
from charrnn.cli.settings import SettingOption
from charrnn.config import SETTINGS, Config, naming_options, resolve
from charrnn.kernels.choice import KERNELS
from charrnn.presets import load_file, load_preset
from charrnn.session import COMMAND_LINE, open_corpus
from charrnn.view.bench import note_progress, show_report
from charrnn.view.curve import show_curves

SIZES = ("cell", "hidden_size", "num_layers", "batch_size", "seq_len")
RIVALS = (TORCH, *(kernel for kernel in KERNELS if kernel != "auto"))


def size_options(command: click.Command) -> click.Command:
    """Add the options of `charrnn train` that say how large a training step is."""
    command.params[:0] = [SettingOption(name, SETTINGS[name]) for name in SIZES]
    return command


@size_options
@click.command()
@click.option("--vocab-size", type=click.IntRange(2), default=65, show_default=True, help="Different characters.")
@device_options
@precision_option
@click.option(
    "--vs",
    "rival",
    type=click.Choice(RIVALS, case_sensitive=False),
    help="Take turns with a rival: torch, or other kernels.",
)
@click.option(
    "--pairs", type=click.IntRange(1), default=7, show_default=True, help="With --vs: turns that each side takes."
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    help="Steps timed in a turn, or of --curve's training.  [default: a second's worth; as its settings say]",
)
@click.option(
    "--sampling",
    is_flag=True,
    help="Also time the drawing of new text (on a CPU by weights of 10 bits, unless --precision is float32).",
)
@click.option(
    "--curve",
    metavar="CORPUS",
    shell_complete=complete_texts,
    help="Let both sides learn this text: loss against time.",
)
@click.option(
    "--preset",
    default="quick",
    show_default=True,
    metavar="NAME",
    shell_complete=complete_presets,
    help="Settings of --curve's training.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings of --curve's training in YAML, above the preset's.",
)
@json_option
def command(
    as_json: bool, vocab_size: int, curve: str | None, preset: str, config_file: Path | None, **options: Any
) -> None:
    """Measure how fast a network trains here, and what the machine could do.

    The kernels are first checked against the reference: what is wrong is not timed. With --vs both sides do the same
    work on the same text in processes of their own, turn and turn about. On a machine that does other things as well
    only the ratio of such pairs means anything. PyTorch comes with pip install torch.

    With --curve both sides learn a text with the same recipe, from the same weights, the same chunks in the same order,
    in pieces turn and turn about, and the loss on the held-out part is set against the time of training, evaluations
    left out. Sizes given here are above the preset's.

    Counted are the operations of the matrix products alone; the share is of the rate of one large product, and that of
    the bytes that have to be moved at least is of the rate of one large copy. Memory is set beside the least that
    training needs: weights, gradients, moments, what backward must remember, and text; what a process needs once, for
    however small a network, is not counted. On a GPU it is the device's, and times are those of events in its queue;
    torch runs in TF32, IEEE float32 and float16, each with and without a CUDA graph, and its quickest is the rival.

    \b
    Examples:
      charrnn bench
      charrnn bench --cell gru --hidden-size 256 --vs torch
      charrnn bench --hidden-size 512 --batch-size 64 --seq-len 64 --vs torch --sampling
      charrnn bench --kernel cpu --vs numpy --pairs 3
      charrnn bench --device gpu --json
      charrnn bench --vs torch --curve shakespeare --preset quick
    """
    given = {name: value for name in SIZES if (value := options.pop(name)) is not None}
    if not options["rival"]:
        refuse("pairs", because="is of turns with a rival; name one with --vs")
    if curve:
        refuse("vocab_size", "pairs", "sampling", because="says nothing of --curve; leave one of them out")
        if options["precision"] != Config.precision:
            given["precision"] = options["precision"]
        _draw(curve, _recipe(preset, config_file, given, options["steps"]), options, as_json)
        return
    refuse("preset", "config_file", because="is only of use with --curve")
    with naming_options(given):
        config = Config(**given)
    workload = Workload(vocab_size=vocab_size, **{name: getattr(config, name) for name in SIZES})
    report = bench(BenchRequest(workload, **options), note_progress)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
        return
    show_report(report)


def _recipe(preset: str, config_file: Path | None, given: dict[str, Any], steps: int | None) -> Config:
    """The settings of a training whose curve is drawn."""
    sources = [(f"preset {preset}", load_preset(preset))]
    if config_file:
        sources.append((str(config_file), load_file(config_file)))
    given = given | ({"steps": steps} if steps else {})
    with naming_options(given):
        return resolve(*sources, (COMMAND_LINE, given))[0]


def _draw(corpus: str, config: Config, options: dict[str, Any], as_json: bool) -> None:
    """Let both sides learn, and print their curves."""
    if not options["rival"]:
        raise click.UsageError("--curve needs --vs: a curve beside a rival's")
    source = open_corpus((corpus,), config)
    request = curves.CurveRequest(source, config, options["rival"], options["device"], options["kernel"])
    report = curves.measure_curve(request, note_progress)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        show_curves(report)
