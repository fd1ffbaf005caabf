"""Options of commands that read a text for a trained model."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from charrnn.cli.progress import SHORT, progress_bar
from charrnn.cli.settings import SettingChoice
from charrnn.cli.signals import handled, leave
from charrnn.config import SETTINGS, Config
from charrnn.text.prompt import read_texts

F = TypeVar("F", bound=Callable[..., Any])


def text_options(function: F) -> F:
    """Add --unknown, --encoding and --errors."""
    for option in (
        click.option(
            "--errors",
            type=SettingChoice(SETTINGS["errors"]),
            help="What to do with bytes outside the encoding.",
        ),
        click.option("--encoding", help="Encoding of the text.  [default: the run's]"),
        click.option(
            "--unknown",
            type=click.Choice(["error", "skip", "replace"], case_sensitive=False),
            default="error",
            show_default=True,
            help="What to do with characters that the model does not know: skip leaves them out, replace turns each "
            "into a ?, or a space if the model does not know ? either.",
        ),
    ):
        function = option(function)
    return function


def read(names: Sequence[str], config: Config, *, ended: bool = True) -> str | bytes:
    """The texts that `read_texts` reads; temporary files are removed even if a signal ends the reading.

    Raises:
        CharrnnError: one cannot be read.
    """
    with handled(leave, "SIGTERM", "SIGHUP"), progress_bar("reading", after=SHORT) as progress:
        return read_texts(names, config, progress, ended=ended)


def reading(config: Config, encoding: str | None, errors: str | None) -> Config:
    """The configuration of a run, with another encoding or treatment of errors if they are given."""
    given = {"encoding": encoding, "errors": errors}
    return config.replace(**{name: value for name, value in given.items() if value is not None})
