"""The content of a corpus file, corpora/NAME.yaml, which is read strictly.

title, description, licence   for people
sources                       a list, tried in order; `kind` is one of `sources.KINDS`, and the other keys are the
                              fields of its class
"""

import typing
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar

from charrnn.catalogue.sources import KINDS, CorpusSource, Download, Local
from charrnn.errors import ConfigError, CorpusError
from charrnn.hints import nearest
from charrnn.presets.loading import read_mapping

Built = TypeVar("Built")


@dataclass(frozen=True)
class Corpus:
    """A text that charrnn knows by name; `sources` are in the order in which they are tried."""

    name: str
    title: str
    description: str
    licence: str
    sources: tuple[CorpusSource, ...]

    @property
    def local(self) -> Local | None:
        """The source on this machine; None if the text must be fetched."""
        return next((source for source in self.sources if isinstance(source, Local)), None)

    @property
    def downloads(self) -> list[Download]:
        """The sources to fetch it from."""
        return [source for source in self.sources if isinstance(source, Download)]

    @property
    def offline(self) -> bool:
        """Whether it is on this machine without being fetched."""
        return self.local is not None


def read_corpus(path: Path) -> Corpus:
    """The corpus that the file at `path` describes; its name is the file's.

    Raises:
        CorpusError: the file is invalid; the message names the file, the key, and the nearest correct key.
    """
    try:
        entry = read_mapping(path)
    except ConfigError as error:
        raise CorpusError(f"{error}; correct the file") from error
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
    if corpus.local and len(corpus.sources) > 1:
        raise CorpusError("a source of kind bundled or stdlib is always available; leave out the others")
    labels = [source.label for source in corpus.sources]
    for label in labels:
        if labels.count(label) > 1:
            raise CorpusError(f"two sources are called {label}, but a text must name the one it came from")
    return corpus


def _source(entry: Any) -> CorpusSource:
    if not isinstance(entry, dict) or "kind" not in entry:
        raise CorpusError(f"a source is a mapping with a kind ({', '.join(KINDS)}), not {entry!r}")
    kind = entry["kind"]
    if kind not in KINDS:
        raise CorpusError(f"unknown kind {kind!r}{nearest(kind, KINDS)}; the kinds are {', '.join(KINDS)}")
    values = {key: value for key, value in entry.items() if key != "kind"}
    source: CorpusSource = _build(KINDS[kind], values)
    return source


def _build(cls: type[Built], entry: Any) -> Built:
    """An instance of the dataclass `cls` from the mapping `entry`, whose keys are its fields and no others."""
    if not isinstance(entry, dict):
        raise CorpusError(f"{entry!r} is not a mapping of keys to values")
    known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]  # a dataclass, which no type can say
    for key in entry:
        if key not in known:
            raise CorpusError(f"unknown key {key!r}{nearest(key, known)}; the keys are {', '.join(known)}")
    missing = [name for name, each in known.items() if each.default is MISSING and name not in entry]
    if missing:
        raise CorpusError(f"the key {missing[0]} is missing")
    return cls(**{key: _value(key, known[key].type, value) for key, value in entry.items()})


def _value(key: str, type_: Any, value: Any) -> Any:
    """`value` as a field of type `type_` holds it: a plain value, a tuple, a source, or a checksum."""
    if isinstance(type_, UnionType):  # X | None: a key that may be left out
        type_ = typing.get_args(type_)[0]
    if type_ is CorpusSource:
        return _source(value)
    if typing.get_origin(type_) is tuple:
        if not isinstance(value, list):
            raise CorpusError(f"{key} must be a list, not {value!r}")
        return tuple(_value(key, typing.get_args(type_)[0], each) for each in value)
    if type_ not in (str, int, bool):
        return _build(type_, value)
    if type(value) is not type_:
        raise CorpusError(f"{key} must be of type {type_.__name__}, not {value!r}")
    return value
