"""Reads YAML that may come from anyone: settings, sweeps and corpora, which need only a small part of the language.

That part is mappings with different names as keys, lists, strings, numbers, true, false and null, in files of limited
size and depth. Anything else is refused with its line: aliases (whose expansion can fill the memory), tags, merge keys
and dates.
"""

import re
from pathlib import Path
from typing import Any, Never

import yaml
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from charrnn.errors import ConfigError
from charrnn.hints import shortened

LARGEST = 1 << 18  # bytes of a file
DEEPEST = 16
MOST_VALUES = 20_000
_CORE = "tag:yaml.org,2002:"
_KINDS = {"str", "int", "float", "bool", "null", "seq", "map"}
_NO_COLON = re.compile(r"[^\s#\]}-][^:]*$")  # a line that is not indented, a comment, an item or the end of a list
_SHOWN = 60  # characters of a wrong line that a message shows


def read_mapping(path: Path) -> dict[str, Any]:
    """The content of a user's YAML file.

    Raises:
        ConfigError: it cannot be read, or is not a mapping.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        reason = error.strerror if isinstance(error, OSError) else "it is not a path"
        raise ConfigError(f"{path} cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise ConfigError(f"{path} is larger than {LARGEST:,} bytes, so not a YAML configuration")
    try:
        return parse(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text, so not a YAML configuration") from None


def parse(text: str, source: str) -> dict[str, Any]:
    """The mapping that `text` holds; `source` is its name in messages.

    Raises:
        ConfigError: it is not one.
    """
    try:
        settings = yaml.load(text, _Loader)
    except _Refused as error:
        raise ConfigError(f"{source}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{source} is not valid YAML: {_why_not_yaml(text, error)}") from None
    if settings is None:
        raise ConfigError(f"{source} is empty")
    if not isinstance(settings, dict):
        raise ConfigError(f"{source} does not consist of `setting: value` lines")
    return settings


class _Refused(Exception):
    """Valid YAML that is not accepted."""


class _Loader(yaml.SafeLoader):
    """A loader that reads 1e-4 as a number, which YAML 1.1 makes a string, and refuses what settings do not need."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Read a value and what is in it."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML has no types for it
        self._values += 1
        self._depth += 1
        if isinstance(event, yaml.AliasEvent):
            _refuse(event, f"*{event.anchor} is an alias; write the value out")
        if self._depth > DEEPEST:
            _refuse(event, f"is nested more than {DEEPEST} deep")
        if self._values > MOST_VALUES:
            _refuse(event, f"is beyond the first {MOST_VALUES:,} values")
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._check_kind(node)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """The mapping of a node, whose keys are different strings."""
        seen = set()
        for key, _ in node.value:
            if key.tag != f"{_CORE}str":
                _refuse(key, f"{_text(key)} is not a name")
            if key.value in seen:
                _refuse(key, f"{_text(key)} is there twice; leave one out")
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """The value of a node."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, LookupError):  # a number of thousands of digits, a tag on other text
            _refuse(node, f"{_text(node)} cannot be read")

    def _check_kind(self, node: Any) -> None:
        kind = node.tag.removeprefix(_CORE)
        if kind == "merge":
            _refuse(node, "<< is not read here; write the settings out")
        if kind == "timestamp" and node.style is None:
            _refuse(node, f"{_text(node)} is a date; put it in quotes")
        if kind not in _KINDS:
            _refuse(node, f"the tag {shortened(node.tag)!r} is not read here; leave it out")
        if kind in ("int", "float") and ":" in node.value:
            _refuse(node, f"{_text(node)} is not a number; leave out the colon, or put it in quotes")


_Loader.add_implicit_resolver(f"{_CORE}float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


def _text(node: Any) -> str:
    return repr(shortened(node.value)) if isinstance(node.value, str) else "a list or mapping"


def _refuse(where: Any, what: str) -> Never:
    raise _Refused(f"line {where.start_mark.line + 1}: {what}")


def _why_not_yaml(text: str, error: yaml.YAMLError) -> str:
    """The first wrong line of `text`, in words: one without a colon, or else the one where PyYAML stopped."""
    if isinstance(error, ReaderError):
        return f"it contains the control character U+{error.character:04X}"
    assert isinstance(error, yaml.MarkedYAMLError)
    # A scanner stops only lines after a key without a colon, or a quote without its end, which is its context.
    mark = (isinstance(error, ScannerError) and error.context_mark) or error.problem_mark
    lines = text.rstrip("\n").splitlines() or [""]
    stopped = min(mark.line + 1 if mark else 1, len(lines))
    number = next((n for n, line in enumerate(lines[:stopped], 1) if _NO_COLON.match(line)), stopped)
    return f"line {number} is not `setting: value`: {lines[number - 1][:_SHOWN]!r}"
