"""What a checkpoint may contain, checked before anything reads it: a checksum protects from accidents, not people."""

import math
import re
import typing
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any

from charrnn.config import SETTINGS, Config
from charrnn.errors import ConfigError
from charrnn.network.shape import Shape

LONGEST = 10_000  # characters of a string other than the vocabulary
_MOST = 2**63  # beyond every integer that is saved
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNKNOWN = "\ufffd"  # the symbol of unknown characters, in a vocabulary that has one
_SLOT = re.compile(r"[a-z_]{1,40}")

Tensors = Mapping[str, tuple[int, ...]]  # shapes by name


class Wrong(ValueError):
    """A checkpoint holds what charrnn cannot have written; the message says what."""


class Newer(Wrong):
    """It has a setting that this version does not know."""


def check_values(values: Any, parts: Mapping[str, Any]) -> None:
    """Check the JSON of a checkpoint, whose `parts` have these types.

    Raises:
        Newer: a newer version wrote it.
        Wrong: it has wrong values.
    """
    if not isinstance(values, dict):
        raise Wrong("it is not a mapping")
    for name, type_ in parts.items():
        if name not in values:
            raise Wrong(f"it lacks {name}")
        _check(name, values[name], type_)
    _check_vocabulary(values["vocabulary"])
    if unknown := sorted((values["config"].keys() | values["origins"].keys()) - SETTINGS.keys()):
        raise Newer(unknown[0])
    try:
        Config(**values["config"])
    except ConfigError as error:
        raise Wrong(str(error)) from None


def check_tensors(tensors: Tensors, config: Config, vocab_size: int) -> None:
    """Check that `tensors` are those of a network of these sizes, with its moments and hidden states.

    Raises:
        Wrong: one is missing, unknown, or has another shape.
    """
    shape = Shape.of(config, vocab_size)
    groups = _grouped(tensors)
    _check_group("", groups.pop("weights", {}), shape.parameters)
    for name, group in groups.items():
        kind, which = name.split(".")
        if kind == "optimizer" and _SLOT.fullmatch(which):
            _check_group(f"{name}.", group, shape.parameters)
        elif kind == "state" and which in map(str, range(config.num_layers)):
            first = next(iter(group.values()))
            rows = first[0] if first and 0 < first[0] <= config.batch_size else 1
            states = shape.kind.state_shapes(config.hidden_size)
            _check_group(f"{name}.", group, {state: (rows, *size) for state, size in states.items()})
        else:
            raise Wrong(f"{name} is unknown")


def _grouped(tensors: Tensors) -> dict[str, dict[str, tuple[int, ...]]]:
    """The tensors of each slot and layer, `optimizer.SLOT` and `state.LAYER`; all others are weights."""
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in tensors.items():
        kind, _, rest = name.partition(".")
        which, _, inner = rest.partition(".")
        if kind in ("optimizer", "state"):
            groups.setdefault(f"{kind}.{which}", {})[inner] = shape
        else:
            groups.setdefault("weights", {})[name] = shape
    return groups


def _check_group(prefix: str, found: Tensors, expected: Tensors) -> None:
    for name, shape in expected.items():
        if found.get(name) != shape:
            raise Wrong(f"{prefix}{name} should have shape {shape}, and has {found.get(name, 'nothing')}")
    if unknown := found.keys() - expected.keys():
        raise Wrong(f"{prefix}{min(unknown)} is unknown")


def _check_vocabulary(vocabulary: dict[str, Any]) -> None:
    if "characters" not in vocabulary:
        raise Wrong("vocabulary lacks characters")
    characters = vocabulary["characters"]
    if characters is None:
        return
    if not isinstance(characters, str) or not characters or len(set(characters)) != len(characters):
        raise Wrong("its vocabulary does not consist of different characters")
    if _SURROGATES.search(characters):
        raise Wrong("its vocabulary holds half of a surrogate pair")
    if vocabulary.get("unknown") and _UNKNOWN not in characters:
        raise Wrong("its vocabulary lacks the unknown symbol")


def _check(name: str, value: Any, type_: Any) -> None:
    """Check a value against a type: a dataclass, a mapping, a list, a union, or a plain type; Any is any plain one.

    Numbers must be finite and not negative. Keys that a dataclass does not have are left to newer versions.
    """
    origin = typing.get_origin(type_)
    if is_dataclass(type_):
        _check_fields(name, value, type_)
    elif origin in (UnionType, typing.Union):
        _check_union(name, value, typing.get_args(type_))
    elif origin is dict:
        if not isinstance(value, dict):
            raise Wrong(f"{name} is not a mapping")
        for key, each in value.items():
            _check(f"{name}.{key}", each, typing.get_args(type_)[1])
    elif origin is list:
        if not isinstance(value, list):
            raise Wrong(f"{name} is not a list")
        for each in value:
            _check(name, each, typing.get_args(type_)[0])
    else:
        _check_plain(name, value, (NoneType, bool, int, float, str) if type_ is Any else (type_,))


def _check_fields(name: str, value: Any, type_: Any) -> None:
    if not isinstance(value, dict):
        raise Wrong(f"{name} is not a mapping")
    types = typing.get_type_hints(type_)
    for each in fields(type_):
        if each.name in value:
            _check(f"{name}.{each.name}", value[each.name], types[each.name])
        elif each.default is MISSING and each.default_factory is MISSING:
            raise Wrong(f"{name} lacks {each.name}")


def _check_union(name: str, value: Any, types: tuple[Any, ...]) -> None:
    for each in types:
        with suppress(Wrong):
            _check(name, value, each)
            return
    raise Wrong(f"{name} cannot be {value!r}"[:200])


def _check_plain(name: str, value: Any, types: tuple[type, ...]) -> None:
    kinds = (*types, int) if float in types else types
    if type(value) not in kinds:
        raise Wrong(f"{name} should be {' or '.join(each.__name__ for each in types)}, not {value!r}"[:200])
    if isinstance(value, float) and not (math.isfinite(value) and value >= 0):
        raise Wrong(f"{name} is {value}")
    if isinstance(value, int) and not 0 <= value < _MOST:
        raise Wrong(f"{name} is out of range")
    if isinstance(value, str) and len(value) > LONGEST and not name.startswith("vocabulary."):
        raise Wrong(f"{name} is too long")
    if isinstance(value, str) and name == "corpus.argument" and "\0" in value:
        raise Wrong(f"{name} holds a NUL character")
