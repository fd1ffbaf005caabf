"""The command reference in README.md, generated from the commands' own help."""

import click

from charrnn.cli import COMMANDS, cli

WIDTH = 100


def reference() -> str:
    """The help of every command, as Markdown."""
    root = click.Context(cli, info_name="charrnn", terminal_width=WIDTH, **cli.context_settings)
    return "\n".join(_sections(root, name) for name in COMMANDS)


def _sections(parent: click.Context, name: str) -> str:
    command = parent.command.get_command(parent, name)
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    text = f"### {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        text += "".join("\n" + _sections(context, each) for each in command.list_commands(context))
    return text
