"""charrnn info."""

import json
from dataclasses import asdict

import click

from charrnn.cli.options import RunCommand, json_option, run_argument
from charrnn.config import Config
from charrnn.kernels.describe import describe_machine
from charrnn.runs.describe import describe_run
from charrnn.runs.find import list_runs, load_model
from charrnn.view.info import show_info


@click.command("info", cls=RunCommand)
@run_argument
@json_option
def command(run: str | None, as_json: bool) -> None:
    """Show a run's settings and history, and what this machine has.

    RUN is a run's folder, its name in runs/, or a checkpoint file; the default is the newest run in runs/. The
    command also lists this machine's devices and kernels, and why faster kernels are not used.

    \b
    Examples:
      charrnn info
      charrnn info shakespeare
      charrnn info shakespeare --json | jq .run.config
    """
    known = describe_run(*load_model(run)) if run or list_runs() else None
    machine = describe_machine(Config(**known.config) if known else Config())
    if as_json:
        values = {"run": asdict(known) if known else None, "machine": asdict(machine)}
        click.echo(json.dumps(values, indent=2))
    else:
        show_info(known, machine)
