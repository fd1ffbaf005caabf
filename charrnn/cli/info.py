"""charrnn info."""

import json
import os
import platform
from itertools import count
from pathlib import Path
from typing import Any

import click
import numpy as np

from charrnn import __version__
from charrnn.cli.options import RunCommand, json_option, run_argument
from charrnn.config import Config
from charrnn.device.backend import open_backend
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.run import Run, list_runs, load_model
from charrnn.text.vocabulary import Vocabulary
from charrnn.view.info import show_info


@click.command("info", cls=RunCommand)
@run_argument
@json_option
def command(run: str | None, as_json: bool) -> None:
    """Show a run's settings and history, or what this machine has.

    RUN is a run's folder, its name in runs/, or a checkpoint file; left out, it is the newest run. Below it, or alone
    where there is no run yet, stand the devices and kernels of this machine, and why faster ones are not used.

    \b
    Examples:
      charrnn info
      charrnn info shakespeare
      charrnn info shakespeare --json | jq .run.config
    """
    known = _describe_run(*load_model(run)) if run or list_runs() else None
    machine = _describe_machine(Config(**known["config"]) if known else Config())
    if as_json:
        click.echo(json.dumps({"run": known, "machine": machine}, ensure_ascii=False, indent=2))
        return
    show_info(known, machine)


def _describe_run(checkpoint: Checkpoint, path: Path) -> dict[str, Any]:
    """The run that the checkpoint `path` belongs to."""
    config, vocabulary = Config(**checkpoint.config), Vocabulary.from_dict(checkpoint.vocabulary)
    shape, run = Shape.of(config, vocabulary.size), Run(path.parent)
    return {
        "run": str(run.folder),
        "checkpoint": path.name,
        "model": str(shape),
        "parameters": shape.size,
        "vocabulary": {"size": vocabulary.size, "characters": vocabulary.characters},
        "corpus": checkpoint.corpus,
        "preset": checkpoint.preset,
        "config": checkpoint.config,
        "origins": checkpoint.origins,
        "progress": vars(checkpoint.progress),
        "history": run.read_metrics(),
        "files": {file.name: file.stat().st_size for file in sorted(run.folder.iterdir()) if file.is_file()},
    }


def _describe_machine(config: Config) -> dict[str, Any]:
    """Versions, and for each device its kernels and why faster ones are passed over; `device` is the one that auto is.

    A device that is not there, or not in this precision, has `missing` instead.
    """
    devices = [_device("cpu", config), *_gpus(config)]
    return {
        "charrnn": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "device": open_backend().device,
        "devices": devices,
    }


def _device(name: str, config: Config) -> dict[str, Any]:
    backend = open_backend(name)
    try:
        choice = build(backend, precision=config.precision)
    except Unsupported as refusal:
        return {"device": backend.device, "missing": str(refusal)}
    within = choice.kernels.refusals(
        config.cell, hidden_size=config.hidden_size, seq_len=config.seq_len, batch_size=config.batch_size
    )
    return {
        "device": backend.device,
        "description": backend.description,
        "kernels": choice.kernels.name,
        "precision": choice.kernels.precision,
        "passed_over": [*choice.refusals, *within],
    }


def _gpus(config: Config) -> list[dict[str, Any]]:
    """All GPUs, or why there is none."""
    found: list[dict[str, Any]] = []
    for number in count():
        try:
            found.append(_device(f"gpu:{number}", config))
        except BackendError as error:
            return found or [{"device": "gpu", "missing": str(error)}]
    return found
