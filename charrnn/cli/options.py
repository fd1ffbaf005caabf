"""Options that several commands share, and the settings of a run as options."""

import math
from collections.abc import Callable, Container
from typing import Any, TypedDict, TypeVar

import click
from click.core import ParameterSource

from charrnn.cli.completion import complete_runs
from charrnn.config import SETTINGS, Config, Setting, naming_options, option_of

F = TypeVar("F", bound=Callable[..., Any])


class Computing(TypedDict, total=False):
    """Where and how to compute: the values of the options below that commands hand on as they are."""

    device: str
    kernel: str
    threads: int | None
    precision: str


class SettingChoice(click.Choice[str]):
    """One of a setting's choices, in any case, or an alias of one."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting.choices)
        self._setting = setting

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The choice that was meant."""
        with naming_options(SETTINGS):
            return self._setting.check(param.name if param and param.name else "value", value)


class FiniteRange(click.FloatRange):
    """A range of numbers that are not NaN or infinite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is not finite.", param, ctx)
        return number


class SettingOption(click.Option):
    """An option for a setting, listed under the setting's group; its value is None unless it is given."""

    in_presets = False  # whether presets set it, so that the default is not the whole truth

    def __init__(self, name: str, setting: Setting) -> None:
        self.group = setting.group
        self._shown_default = getattr(Config, name)
        kind: dict[str, Any] = {"type": SettingChoice(setting) if setting.choices else setting.type}
        if setting.type is bool:
            kind = {"is_flag": True}
            self._shown_default = None
        super().__init__([option_of(name), name], default=None, help=setting.help, **kind)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and its help, which ends with the default."""
        record = super().get_help_record(ctx)
        if record is None or self._shown_default in (None, ""):
            return record
        names, text = record
        preset = ", or the preset's" if self.in_presets else ""
        return names, f"{text}  [default: {self._shown_default}{preset}]"


class GroupedCommand(click.Command):
    """A command whose help lists settings by their group."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One section for each group, the command's own options first."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record and isinstance(option, click.Option):
                sections.setdefault(getattr(option, "group", "Options"), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


class RunCommand(click.Command):
    """A command about one run."""

    allow_extra_args = True  # they are refused below, in words that help

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, and say what the command takes where there are too many."""
        rest = super().parse_args(ctx, args)
        if ctx.args:
            takes = " ".join(
                each.make_metavar(ctx) for each in self.get_params(ctx) if isinstance(each, click.Argument)
            )
            ctx.fail(f"{self.name} takes {takes}, so {ctx.args[0]!r} is one too many; quote names that have blanks")
        return rest


run_argument = click.argument("run", required=False, shell_complete=complete_runs)


def settings_options(command: click.Command) -> click.Command:
    """Add an option for every setting of a run."""
    command.params += [SettingOption(name, setting) for name, setting in SETTINGS.items()]
    return command


def mark_settings(command: click.Command, names: Container[str | None]) -> None:
    """Let the help of these settings say that presets set them as well."""
    for option in command.params:
        if isinstance(option, SettingOption):
            option.in_presets = option.name in names


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
            "--device", default="auto", metavar="auto|cpu|gpu|gpu:N", help="Where to compute; --gpu is --device gpu."
        ),
    ):
        function = option(function)
    return function


def refuse(*names: str, because: str) -> None:
    """Refuse options of the running command that were given but would have no effect.

    Raises:
        UsageError: one was.
    """
    context = click.get_current_context()
    for option in context.command.params:
        if option.name in names and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]} {because}")


def filter_options(command: F) -> F:
    """Add --top-k and --top-p, which limit what characters are drawn from."""
    command = click.option(
        "--top-p",
        type=FiniteRange(0, 1, min_open=True),
        default=1.0,
        help="Choose among the most likely characters that together have probability P.",
    )(command)
    return click.option(
        "--top-k", type=click.IntRange(0), default=0, help="Choose among the K most likely characters; 0 means all."
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
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Threads of the compiled kernels.  [default: one per processor]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs to read.")
