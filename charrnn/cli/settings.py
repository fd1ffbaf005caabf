"""The settings of a run as options of the command line."""

import math
from collections.abc import Container
from typing import Any

import click

from charrnn.cli.naming import naming_options, option_of
from charrnn.config import SETTINGS, Config, Setting


class SettingChoice(click.Choice[str]):
    """One of a setting's choices, in any case, or an alias of one."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting.choices)
        self._setting = setting

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert `value` to the choice that it means."""
        with naming_options(SETTINGS):
            return self._setting.check(param.name if param and param.name else "value", value)


class WholeNumber(click.types.IntParamType):
    """A whole number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        if reason := why_not_whole(value):
            self.fail(reason, param, ctx)
        return super().convert(value, param, ctx)


class Number(click.types.FloatParamType):
    """A number, which may have a fraction."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        if not _converts(value, float):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return super().convert(value, param, ctx)


def why_not_whole(value: Any) -> str | None:
    """Why `value` is not a whole number as options take it; None if it is one."""
    if _converts(value, int):
        return None
    meant = float(value) if _converts(value, float) else math.nan
    written = f"; write {int(meant)}" if math.isfinite(meant) and meant.is_integer() else ""
    return f"{value!r} is not a whole number{written}."


def _converts(value: Any, to: type) -> bool:
    try:
        to(value)
    except ValueError:
        return False
    return True


_NUMBERS: dict[type, click.ParamType[Any]] = {int: WholeNumber(), float: Number()}


class SettingOption(click.Option):
    """An option for a setting, listed under the setting's group; its value is None unless it is given."""

    in_presets = False  # whether presets set it, so that its default may not apply

    def __init__(self, name: str, setting: Setting) -> None:
        self.group = setting.group
        self._shown_default = getattr(Config, name)
        kind: dict[str, Any] = {
            "type": SettingChoice(setting) if setting.choices else _NUMBERS.get(setting.type, setting.type)
        }
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
        """Write one section for each group, the command's own options first."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record and isinstance(option, click.Option):
                sections.setdefault(getattr(option, "group", "Options"), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def settings_options(command: click.Command) -> click.Command:
    """Add an option for every setting of a run."""
    command.params += [SettingOption(name, setting) for name, setting in SETTINGS.items()]
    return command


def mark_settings(command: click.Command, names: Container[str | None]) -> None:
    """Make the help of these settings say that presets set them, too."""
    for option in command.params:
        if isinstance(option, SettingOption):
            option.in_presets = option.name in names
