"""The command line: click and nothing else. Each command is a file here, imported when it is used.

Errors become exit codes in this file, once: 1 for what a user can mend, 2 for wrong usage (click's), 130 for Ctrl-C,
141 where standard output is a pipe that nobody reads any more. Signals that a training or a sweep obeys in good order
become 128 and their number there.
"""

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import click

from charrnn import __version__
from charrnn.cli.streams import CLOSED_PIPE, drop_unwritten, open_streams
from charrnn.errors import CharrnnError
from charrnn.hints import nearest

# The summaries stand here so that `charrnn --help` has to import no command.
COMMANDS = {
    "train": "Teach a network a text, character by character.",
    "sample": "Write new text in the style of what a run learned.",
    "eval": "Measure how well a run predicts a text.",
    "judge": "Tell how good a run's own text is, beside real text.",
    "info": "Show a run's settings and history, or what this machine has.",
    "compare": "Set runs side by side: what they are, what they reached, and how fast.",
    "sweep": "Search over settings: train a run for each combination.",
    "bench": "Measure how fast a network trains here, alone or against a rival.",
    "corpora": "List, fetch and verify texts to learn from.",
}


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    """The only place where errors are caught for the user's sake."""
    try:
        yield
        sys.stdout.flush()
    except CharrnnError as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise click.exceptions.Exit(CLOSED_PIPE) from None  # quietly: nobody reads on, as with | head
    except OSError as error:
        if error.errno == errno.EBADF:
            raise click.ClickException("standard output is closed") from error
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}") from error
    except MemoryError as error:
        message = "out of memory; lower --batch-size, --seq-len or --hidden-size"
        raise click.ClickException(f"{message} ({error})" if str(error) else message) from error
    except RuntimeError as error:
        if not type(error).__module__.startswith("cupy"):
            raise
        message = "the GPU failed; if its memory is full, lower --batch-size, --seq-len or --hidden-size"
        raise click.ClickException(f"{message} ({str(error).splitlines()[0]})") from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None


class Commands(click.Group):
    """Loads a command's file when it is called, and turns errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, imported now."""
        return import_module(f"charrnn.cli.{name}").command if name in COMMANDS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple:
        """The command that `args` begin with; a wrong name gets a guess."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(f"there is no command {name!r}{nearest(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the summaries, without importing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: object, **extra: object) -> click.Context:
        """Read the command line; help is printed here."""
        with _errors_in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with _errors_in_one_line():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="charrnn")
def cli() -> None:
    """Character-level recurrent language models: give it a text, it learns it, and writes new text in its style.

    \b
    Examples:
      charrnn train corpus.txt
      charrnn sample --temp 0.8
      charrnn train names && charrnn sample --lines 20
    """


def main() -> None:
    """The `charrnn` command."""
    logging.basicConfig(level=logging.INFO, format="note: %(message)s")
    open_streams()
    try:
        cli(prog_name="charrnn")
    finally:
        drop_unwritten()
