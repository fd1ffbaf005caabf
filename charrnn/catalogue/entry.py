"""What a corpus file says: corpora/NAME.yaml, read strictly.

title, description, licence   for people
sources                       a list, tried in order; `kind` is one of `sources.KINDS`, and the other keys are the
                              fields of its class
"""

import typing
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any

import yaml

from charrnn.catalogue.sources import KINDS, Download, Origin
from charrnn.errors import CorpusError
from charrnn.hints import nearest


@dataclass(frozen=True)
class Corpus:
    """A text that can be had by its name; `sources` come in the order in which they are tried."""

    name: str
    title: str
    description: str
    licence: str
    sources: tuple[Origin, ...]

    @property
    def offline(self) -> bool:
        """Whether it lies on this machine, with nothing to fetch."""
        return not isinstance(self.sources[0], Download)


def read_corpus(path: Path) -> Corpus:
    """The corpus that the file at `path` describes; its name is the file's.

    Raises:
        CorpusError: the file is not right: the message names it, the key, and the nearest right one.
    """
    try:
        entry = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise CorpusError(f"{path} cannot be read: {' '.join(str(error).split())}; mend the file") from error
    try:
        return _corpus(path.stem, entry)
    except CorpusError as error:
        raise CorpusError(f"{path}: {error}") from error


def _corpus(name: str, entry: Any) -> Corpus:
    corpus = _build(Corpus, {"name": name, **entry} if isinstance(entry, dict) else entry)
    if corpus.name != name:
        raise CorpusError(f"the name of a corpus is that of its file, {name}; leave out the key name")
    if not corpus.sources:
        raise CorpusError("sources is empty; name at least one")
    if len({isinstance(source, Download) for source in corpus.sources}) > 1:
        raise CorpusError("a source of kind bundled or stdlib is always there; name none to download beside it")
    labels = [source.label for source in corpus.sources]
    for label in labels:
        if labels.count(label) > 1:
            raise CorpusError(f"two sources are called {label}, and a text must tell which it came from")
    return corpus


def _source(entry: Any) -> Origin:
    if not isinstance(entry, dict) or "kind" not in entry:
        raise CorpusError(f"a source is a mapping with a kind ({', '.join(KINDS)}), not {entry!r}")
    kind = entry["kind"]
    if kind not in KINDS:
        raise CorpusError(f"there is no kind {kind!r}{nearest(str(kind), KINDS)}; there are {', '.join(KINDS)}")
    return _build(KINDS[kind], {key: value for key, value in entry.items() if key != "kind"})


def _build(cls: type, entry: Any) -> Any:
    """An instance of the dataclass `cls` from the mapping `entry`, whose keys are its fields and no others."""
    if not isinstance(entry, dict):
        raise CorpusError(f"{entry!r} is not a mapping of keys to values")
    known = {each.name: each for each in fields(cls)}
    for key in entry:
        if key not in known:
            raise CorpusError(f"there is no key {key!r}{nearest(str(key), known)}; there are {', '.join(known)}")
    missing = [name for name, each in known.items() if each.default is MISSING and name not in entry]
    if missing:
        raise CorpusError(f"the key {missing[0]} is missing")
    return cls(**{key: _value(key, known[key].type, value) for key, value in entry.items()})


def _value(key: str, type_: Any, value: Any) -> Any:
    """`value` as what a field of type `type_` holds: plain values, tuples of them, sources, and results."""
    if isinstance(type_, UnionType) and type_ is not Origin:  # X | None: a key that is left out where it is None
        type_ = typing.get_args(type_)[0]
    if type_ is Origin:
        return _source(value)
    if typing.get_origin(type_) is tuple:
        if not isinstance(value, list):
            raise CorpusError(f"{key} is a list, not {value!r}")
        return tuple(_value(key, typing.get_args(type_)[0], each) for each in value)
    if type_ not in (str, int, bool):
        return _build(type_, value)
    if type(value) is not type_:
        raise CorpusError(f"{key} is of type {type_.__name__}, not {value!r}")
    return value
