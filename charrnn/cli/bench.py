"""charrnn bench."""

import json
from dataclasses import asdict
from typing import Any

import click

from charrnn.bench.job import TORCH
from charrnn.bench.judge import Request, bench
from charrnn.bench.workload import Workload
from charrnn.cli.options import SettingOption, device_options, json_option, precision_option
from charrnn.config import SETTINGS, Config
from charrnn.kernels import KERNELS
from charrnn.view.bench import note_progress, show_report

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
@click.option("--vs", "rival", type=click.Choice(RIVALS), help="Take turns with a rival: torch, or other kernels.")
@click.option("--pairs", type=click.IntRange(1), default=7, show_default=True, help="Turns that each side takes.")
@click.option("--steps", type=click.IntRange(1), help="Steps timed in a turn.  [default: a second's worth]")
@click.option("--sampling", is_flag=True, help="Also time the drawing of new text.")
@json_option
def command(as_json: bool, vocab_size: int, **options: Any) -> None:
    """Measure how fast a network trains here, and what the machine could do.

    The kernels are first checked against the reference: what is wrong is not timed. With --vs both sides do the same
    work on the same text in processes of their own, turn and turn about. On a machine that does other things as well
    only the ratio of such pairs means anything. PyTorch comes with pip install 'charrnn-lm[peers]'.

    Counted are the operations of the matrix products alone; the share is of the rate of one large product, and that of
    the bytes that have to be moved at least is of the rate of one large copy. Memory is set beside the least that
    training needs: weights, gradients, moments, what backward must remember, and text. On a GPU it is the device's, and
    times are those of events in its queue; torch runs in TF32, IEEE float32 and float16, each with and without a CUDA
    graph, and its quickest is the rival.

    \b
    Examples:
      charrnn bench
      charrnn bench --cell gru --hidden-size 256 --vs torch
      charrnn bench --hidden-size 512 --batch-size 64 --seq-len 64 --vs torch --sampling
      charrnn bench --kernel cpu --vs numpy --pairs 3
      charrnn bench --device gpu --json
    """
    given = {name: value for name in SIZES if (value := options.pop(name)) is not None}
    config = Config(**given)
    workload = Workload(vocab_size=vocab_size, **{name: getattr(config, name) for name in SIZES})
    report = bench(Request(workload, **options), note_progress)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
        return
    show_report(report)
