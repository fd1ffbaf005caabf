"""The command reference in README.md, generated from the commands' own help; `--write` brings it up to date."""

import sys
from pathlib import Path

import click

from charrnn.cli import COMMANDS, cli

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- command reference: written by make readme -->\n", "<!-- end of the command reference -->\n"
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


def with_reference(readme: str) -> str:
    """The README with the reference of today."""
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    updated = with_reference(README.read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        README.write_text(updated, encoding="utf-8")
    else:
        print(reference())
