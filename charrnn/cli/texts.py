"""Options of commands that read a text for a trained model."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from charrnn.cli.settings import SettingChoice
from charrnn.config import SETTINGS

F = TypeVar("F", bound=Callable[..., Any])


def text_options(function: F) -> F:
    """Add --unknown, --encoding and --errors."""
    for option in (
        click.option(
            "--errors",
            type=SettingChoice(SETTINGS["errors"]),
            help="What to do with bytes outside the encoding.",
        ),
        click.option("--encoding", help="Encoding of the text.  [default: UTF-8 if it is valid, else the run's]"),
        click.option(
            "--unknown",
            type=click.Choice(["error", "skip", "replace"], case_sensitive=False),
            help="What to do with characters that the model does not know: skip leaves them out; replace makes each "
            "the unknown symbol of a run with --vocab-min, else a ?, or a space if the model does not know ? either.  "
            "[default: error, or replace if there is an unknown symbol]",
        ),
    ):
        function = option(function)
    return function
