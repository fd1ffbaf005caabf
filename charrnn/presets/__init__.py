"""Presets: settings for a kind of text, each in a YAML file of this folder; and users' own configuration files."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from charrnn.config import SETTINGS, check_names
from charrnn.errors import ConfigError, SettingError
from charrnn.hints import nearest
from charrnn.presets.choice import choose as choose
from charrnn.presets.loading import parse, read_mapping

_DESCRIPTION = "description"
_FORMER = {"names": "lines", "shakespeare": "medium", "linux": "long", "large": "gpu"}  # old names -> names


def names() -> list[str]:
    """The names of all presets."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in files(__package__).iterdir() if entry.name.endswith(".yaml")
    )


def load_preset(name: str) -> dict[str, Any]:
    """The settings of a preset.

    Raises:
        SettingError: there is no such preset.
    """
    if name in _FORMER:
        raise SettingError(f"preset {name!r} is called {_FORMER[name]} now", "preset")
    if name not in names():
        raise SettingError(f"preset {name!r} is not one of {', '.join(names())}{nearest(name, names())}", "preset")
    settings = parse((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"), f"preset {name}")
    settings.pop(_DESCRIPTION, None)
    return settings


def describe(name: str) -> str:
    """The purpose of a preset, in one line."""
    return str(parse((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"), name)[_DESCRIPTION])


def load_file(path: Path) -> dict[str, Any]:
    """The settings in a user's YAML file.

    Raises:
        ConfigError: it cannot be read, is not a mapping, or has an unknown setting or a wrong value.
    """
    settings = read_mapping(path)
    check_names(settings, str(path))
    for name, value in settings.items():
        if value is not None:
            try:
                SETTINGS[name].check(name, value)
            except ConfigError as error:
                raise ConfigError(f"{path}: {error}") from None
    return settings
