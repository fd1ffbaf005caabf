"""Options that several commands share."""

import math
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

import click
from click.core import ParameterSource

from charrnn.cli.completion import complete_runs
from charrnn.cli.settings import SettingChoice, why_not_whole
from charrnn.config import SETTINGS, Config

F = TypeVar("F", bound=Callable[..., Any])


class Computing(TypedDict, total=False):
    """Where and how to compute: the values of the options below, which commands pass on unchanged."""

    device: str
    kernel: str
    threads: int | None
    precision: str


class WholeRange(click.IntRange):
    """A range of whole numbers."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        if reason := why_not_whole(value):
            self.fail(reason, param, ctx)
        return super().convert(value, param, ctx)


class FiniteRange(click.FloatRange):
    """A range of numbers that are not NaN or infinite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        try:
            float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number.", param, ctx)
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is not finite.", param, ctx)
        return number


class RunCommand(click.Command):
    """A command about one run."""

    allow_extra_args = True  # they are refused below, with a helpful message

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; if there are too many, fail and say what the command takes."""
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:  # it is set while a shell completes
            arguments = [each.make_metavar(ctx) for each in self.get_params(ctx) if isinstance(each, click.Argument)]
            usage = " ".join([ctx.command_path, *arguments])
            ctx.fail(f"{ctx.args[0]!r} is one argument too many for {usage}; quote names that contain spaces")
        return rest


run_argument = click.argument("run", required=False, shell_complete=complete_runs)


def _prefer_gpu(ctx: click.Context, option: click.Parameter, given: bool) -> None:
    """Make gpu the default of --device; this runs before --device is read."""
    if given:
        ctx.default_map = {**(ctx.default_map or {}), "device": "gpu"}


def device_options(function: F) -> F:
    """Add --device, --kernel, and --gpu, which is short for --device gpu."""
    for option in (
        click.option("--gpu", is_flag=True, is_eager=True, expose_value=False, hidden=True, callback=_prefer_gpu),
        click.option("--kernel", default="auto", metavar="KIND", help="auto, or kernels by name (see charrnn info)."),
        click.option(
            "--device",
            default="auto",
            metavar="auto|cpu|gpu|gpu:N",
            help="Device to compute on; --gpu is --device gpu.",
        ),
    ):
        function = option(function)
    return function


def refuse(*names: str, because: str) -> None:
    """Refuse options of the running command that were given but would have no effect.

    Raises:
        UsageError: one of them was given.
    """
    context = click.get_current_context()
    for option in context.command.params:
        if option.name in names and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]} {because}")


def filter_options(command: F) -> F:
    """Add --top-k and --top-p, which limit the characters to choose from."""
    command = click.option(
        "--top-p",
        type=FiniteRange(0, 1, min_open=True),
        default=1.0,
        help="Choose among the most likely characters that together have probability P.",
    )(command)
    return click.option(
        "--top-k", type=WholeRange(0), default=0, help="Choose among the K most likely characters; 0 means all."
    )(command)


precision_option = click.option(
    "--precision",
    type=SettingChoice(SETTINGS["precision"]),
    default=Config.precision,
    show_default=True,
    help=SETTINGS["precision"].help,
)
threads_option = click.option(
    "--threads",
    type=WholeRange(1, 1024),
    metavar="N",
    help="Threads of the compiled kernels.  [default: one per processor]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs to read.")
