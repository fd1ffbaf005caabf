"""The command line, built with click. Each command is a file here, imported when it is used."""

import logging
from importlib import import_module
from typing import Any

import click

from charrnn import __version__
from charrnn.cli import synonyms
from charrnn.cli.errors import errors_in_one_line
from charrnn.cli.streams import Notes, drop_unwritten, open_streams
from charrnn.hints import nearest

# The summaries are written here so that `charrnn --help` need not import any command.
COMMANDS = {
    "train": "Train a network on a text, one character at a time.",
    "sample": "Write new text in the style of what a run learned.",
    "eval": "Measure how well a run predicts a text.",
    "judge": "Compare a run's samples with real text.",
    "info": "Show a run's settings and history, and what this machine has.",
    "compare": "Compare runs: what they are, what they reached, and how fast.",
    "sweep": "Search over settings: train a run for each combination.",
    "bench": "Measure how fast a network trains here, alone or against a rival.",
    "corpora": "List, fetch and verify texts to learn from.",
}


class Commands(click.Group):
    """Imports a command's file when the command is used, and turns errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"charrnn.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with; for `help COMMAND` its help. A wrong name fails with a suggestion."""
        if ctx.resilient_parsing:  # while a shell completes, nothing is printed or refused
            return super().resolve_command(ctx, args)
        name, *rest = args
        if name == "help":
            if not rest:
                click.echo(ctx.get_help())
                ctx.exit()
            return self.resolve_command(ctx, [*rest, "--help"])
        if name not in COMMANDS and not name.startswith("-"):
            meant = synonyms.COMMANDS.get(name)
            guess = f"; did you mean {meant}?" if meant else nearest(name, COMMANDS)
            ctx.fail(f"there is no command {name!r}{guess}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the summaries without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line; click prints the help here."""
        with errors_in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with errors_in_one_line():
            return super().invoke(ctx)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": synonyms.option}
)
@click.version_option(__version__, "-V", "--version", prog_name="charrnn")
def cli() -> None:
    """Train character-level recurrent language models: give charrnn a text, and it learns to write more of it.

    \b
    Examples:
      charrnn train corpus.txt
      charrnn sample --temp 0.8
      charrnn train names && charrnn sample --lines 20
    """


def main() -> None:
    """The `charrnn` command."""
    open_streams()
    notes = logging.StreamHandler()
    notes.setFormatter(Notes())
    logging.basicConfig(level=logging.INFO, handlers=[notes])
    try:
        cli(prog_name="charrnn")
    finally:
        drop_unwritten()
