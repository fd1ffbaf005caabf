"""charrnn info."""

import json
from dataclasses import asdict

import click

from charrnn.cli.completion import complete_runs
from charrnn.cli.look import tell
from charrnn.cli.options import RunCommand, json_option
from charrnn.cli.progress import progress_bar
from charrnn.config import Config
from charrnn.kernels.describe import describe_machine
from charrnn.runs.describe import describe_run
from charrnn.runs.find import list_runs, load_model
from charrnn.session import TrainRequest, look, names_text
from charrnn.view.info import show_info

BAR_AFTER = 0.5  # seconds; a shorter reading needs no bar


@click.command("info", cls=RunCommand)
@click.argument("run", metavar="[RUN|TEXT]", required=False, shell_complete=complete_runs)
@json_option
def command(run: str | None, as_json: bool) -> None:
    """Show a run's settings and history, and what this machine has; or what charrnn takes a text for.

    RUN is a run's folder, its name in runs/, or a checkpoint file; the default is the newest run in runs/. The
    command also lists this machine's devices and kernels, and why faster kernels are not used.

    TEXT is a file, a folder, or the name of a corpus that was fetched; a run of the same name comes first. The command
    tells what charrnn takes the text for, and what it would train. charrnn train --dry-run does so for any options of
    training.

    \b
    Examples:
      charrnn info
      charrnn info shakespeare
      charrnn info shakespeare --json | jq .run.config
      charrnn info letters.txt
    """
    if run and names_text(run):
        with progress_bar(f"reading {run}", after=BAR_AFTER) as reading:
            return tell(look(TrainRequest((run,)), reading), as_json=as_json)
    known = describe_run(*load_model(run)) if run or list_runs() else None
    machine = describe_machine(Config(**known.config) if known else Config())
    if as_json:
        values = {"run": asdict(known) if known else None, "machine": asdict(machine)}
        click.echo(json.dumps(values, indent=2))
    else:
        show_info(known, machine)
