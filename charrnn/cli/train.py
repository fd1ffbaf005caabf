"""charrnn train."""

import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import click

from charrnn import presets
from charrnn.cli.completion import complete_presets, complete_runs, complete_texts
from charrnn.cli.look import tell
from charrnn.cli.naming import naming_options
from charrnn.cli.options import device_options, json_option, threads_option
from charrnn.cli.settings import GroupedCommand, mark_settings, settings_options
from charrnn.cli.signals import handled, leave
from charrnn.cli.streams import SIGPIPE
from charrnn.config import KINDS, SETTINGS
from charrnn.records.results import reached, read_results
from charrnn.session import TrainRequest, look, prepare
from charrnn.training.events import Event
from charrnn.view.training import View, open_view

PATIENCE = 2.0  # seconds within which a second signal counts as the same one


class Interrupt:
    """Note a signal to end, so that training can save first; obey a second one that comes later.

    `number` is the signal that was noted.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._noted = 0.0

    def __call__(self) -> bool:
        return self.number is not None

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        if self.number is None:
            self.number = number
            self._noted = time.monotonic()
        elif time.monotonic() - self._noted > PATIENCE:
            leave(number, frame)


def _show(view: View, event: Event, interrupt: Interrupt) -> OSError | None:
    """Show an event. A failure to write is returned, as it does not end the training; a closed pipe is a signal to."""
    try:
        view.show(event)
    except BrokenPipeError:
        if interrupt.number is None:
            interrupt.note(SIGPIPE, None)
    except OSError as error:
        return error
    return None


class TrainCommand(GroupedCommand):
    """A command whose help also lists the presets."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the presets."""
        mark_settings(self, {name for preset in presets.names() for name in presets.load_preset(preset)})
        super().format_options(ctx, formatter)
        with formatter.section("Presets"):
            results = read_results()
            formatter.write_dl(
                [(name, f"{presets.describe(name)} {reached(name, results)}".strip()) for name in presets.names()]
            )


@settings_options
@click.command(cls=TrainCommand)
@click.argument("corpus", nargs=-1, shell_complete=complete_texts)
@click.option(
    "--preset",
    metavar="NAME",
    shell_complete=complete_presets,
    help=f"Settings that suit a kind of text: {', '.join(presets.names())}.  [default: chosen by text and time]",
)
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE", help="Settings in YAML.")
@click.option("--run", metavar="DIR", shell_complete=complete_runs, help="Folder of the run.  [default: runs/CORPUS]")
@click.option("--resume", is_flag=True, help="Continue a run; the newest one if none is named.")
@click.option("--force", is_flag=True, help="Start over; an existing run is kept as DIR.old.")
@click.option(
    "--init-from",
    metavar="RUN",
    shell_complete=complete_runs,
    help="Begin with the weights of a run, and train further on this text; if it is the run's own, the same part of it "
    "is held out.",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(KINDS, case_sensitive=False),
    help="What the text is: a text, whose order is kept; a list, whose lines are shuffled; or records, which are "
    "shuffled whole: pieces between empty lines or --separator strings, or whole files.  [default: judged by the text]",
)
@click.option("--dry-run", is_flag=True, help="Tell what the text is taken for and what would be trained, and stop.")
@device_options
@threads_option
@json_option
def command(as_json: bool, dry_run: bool, **options: Any) -> None:
    """Train a network on a text, one character at a time.

    CORPUS is a file, a folder, - for standard input, or a name from `charrnn corpora list`; several are read in turn,
    as one text. Texts compressed with gzip, xz or bzip2 are decompressed as they are read.

    Stop with Ctrl-C at any time and continue with --resume. Settings are taken from the command line, then --config,
    then the preset, then the defaults listed below. Without --preset, --config and --init-from, charrnn chooses a
    preset that suits the text and the time given. Short names are accepted, too: --lr, --hidden, --layers, --batch.

    \b
    Examples:
      charrnn train corpus.txt
      charrnn train names
      charrnn train melody.txt --dry-run
      charrnn train first.txt second.txt.gz
      charrnn train shakespeare --minutes 10 --hidden-size 512
      charrnn train src/ --glob '**/*.py' --cell gru --run runs/mycode
      charrnn train --resume
      charrnn train letters.txt --init-from runs/shakespeare
    """
    settings = {name: value for name in SETTINGS if (value := options.pop(name)) is not None}
    if settings.get("separator") == "":
        raise click.UsageError("--separator is empty; leave it out, or give the string that ends a record")
    interrupt = Interrupt()
    with open_view(json=as_json) as view, handled(leave, "SIGTERM", "SIGHUP"):
        with naming_options([*settings, "preset"]):
            request = TrainRequest(settings=settings, **options)
            if dry_run:
                return tell(look(request, view.reading), as_json=as_json)
            session = prepare(request, view.reading)
        with handled(interrupt.note, "SIGINT", "SIGTERM", "SIGHUP"):
            lost = [error for event in session.run(interrupt) if (error := _show(view, event, interrupt))]
    if interrupt.number is not None:
        sys.exit(128 + interrupt.number)
    if lost:
        raise lost[0]
