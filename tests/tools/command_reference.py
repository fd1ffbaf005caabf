"""The command reference in charrnn/docs/commands.md, generated from the commands' own help."""

import click

from charrnn.cli import COMMANDS, cli

WIDTH = 100  # columns


def reference() -> str:
    """The help of every command, as Markdown."""
    root = click.Context(cli, info_name="charrnn", terminal_width=WIDTH, **cli.context_settings)
    return "\n".join(_sections(cli, root, name) for name in COMMANDS)


def _sections(group: click.Group, parent: click.Context, name: str) -> str:
    """The section of one command, and those of its subcommands."""
    command = group.get_command(parent, name)
    if command is None:
        raise LookupError(f"COMMANDS lists {name}, which the command line does not have")
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    text = f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        subcommands = command.list_commands(context)
        text += "".join("\n" + _sections(command, context, each) for each in subcommands)
    return text
