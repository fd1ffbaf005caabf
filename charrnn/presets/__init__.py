"""Presets: settings for a kind of text, each in a YAML file of this folder; and users' own configuration files."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from charrnn.config import SETTINGS, check_names
from charrnn.errors import ConfigError, SettingError
from charrnn.hints import nearest
from charrnn.presets.choice import choose as choose

_DESCRIPTION = "description"
_NO_COLON = re.compile(r"[^\s#\]}-][^:]*$")  # a line that is not indented, a comment, an item or the end of a list
_LARGEST = 1_000_000  # bytes of a file of settings
_SHOWN = 60  # characters of a wrong line that a message shows
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
    settings = _parse((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"), f"preset {name}")
    settings.pop(_DESCRIPTION, None)
    return settings


def describe(name: str) -> str:
    """The purpose of a preset, in one line."""
    return str(_parse((files(__package__) / f"{name}.yaml").read_text(encoding="utf-8"), name)[_DESCRIPTION])


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


def read_mapping(path: Path) -> dict[str, Any]:
    """The content of a user's YAML file.

    Raises:
        ConfigError: it cannot be read, is too large, or is not a mapping.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)  # a device or a pipe may have no end
        if len(content) > _LARGEST:
            raise ConfigError(f"{path} is not a file of settings: it is larger than {_LARGEST // 1000} kB")
        return _parse(content.decode(), str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text, so not a YAML configuration") from None


class _Loader(yaml.SafeLoader):
    """A loader that reads 1e-4 as a number; YAML 1.1 makes it a string."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), "-+0123456789")


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        settings = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source} is not valid YAML: {_why_not_yaml(text, error)}") from None
    if settings is None:
        raise ConfigError(f"{source} is empty")
    if not isinstance(settings, dict):
        raise ConfigError(f"{source} does not consist of `setting: value` lines")
    return settings


def _why_not_yaml(text: str, error: yaml.YAMLError) -> str:
    """The first wrong line of `text`, in words: one without a colon, or else the one where PyYAML stopped."""
    if isinstance(error, ReaderError):
        return f"it contains the control character U+{error.character:04X}"
    assert isinstance(error, yaml.MarkedYAMLError)
    # A scanner stops only lines after a key without a colon, or a quote without its end, which is its context.
    mark = (isinstance(error, ScannerError) and error.context_mark) or error.problem_mark
    lines = text.rstrip("\n").splitlines()
    stopped = min(mark.line + 1 if mark else 1, len(lines))
    number = next((n for n, line in enumerate(lines[:stopped], 1) if _NO_COLON.match(line)), stopped)
    return f"line {number} is not `setting: value`: {lines[number - 1][:_SHOWN]!r}"
