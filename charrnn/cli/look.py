"""Tells what charrnn takes a text for; `charrnn info TEXT` and `charrnn train --dry-run` share it."""

import json
from dataclasses import asdict

import click

from charrnn.session import TextFacts
from charrnn.view.look import show_text


def tell(text: TextFacts, *, as_json: bool) -> None:
    """Print facts about a text."""
    if as_json:
        click.echo(json.dumps({"text": asdict(text)}, indent=2))
    else:
        show_text(text)
