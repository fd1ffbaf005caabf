"""Reads a text as the settings of a run say: its blocks, and the symbols in them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from charrnn.config import Config
from charrnn.text.joint import Joint
from charrnn.text.reader import Reader
from charrnn.text.vocabulary import Vocabulary, collect
from charrnn.text.vocabulary import raw as as_bytes


def blocks(reader: Reader, config: Config, files: Sequence[Path] | None = None) -> Iterator[str] | Iterator[bytes]:
    """The text of `files`, or of all files that `reader` reads: bytes if the run learns bytes, else characters.

    Raises:
        CorpusError: it cannot be read as `config` says.
    """
    return raw(reader, config, files) if config.bytes else characters(reader, config, files)


def characters(
    reader: Reader, config: Config, files: Sequence[Path] | None = None, *, ended: bool = True
) -> Iterator[str]:
    """The characters of `files`, in blocks; see `Reader.text`. ended: the last record gets its separator, too.

    Raises:
        CorpusError: it cannot be read as `config` says.
    """
    return reader.text(
        encoding=config.encoding,
        errors=config.errors,
        newlines=config.newlines,
        joint=joint_of(config, ended=ended),
        files=files,
    )


def raw(reader: Reader, config: Config, files: Sequence[Path] | None = None, *, ended: bool = True) -> Iterator[bytes]:
    """The bytes of `files`, in blocks; see `Reader.raw`. ended: the last record gets its separator, too.

    Raises:
        CorpusError: it cannot be read.
    """
    joint = joint_of(config, ended=ended)
    ending = as_bytes(config.separator)  # without a separator, nothing is added to bytes
    in_bytes = Joint(ending=ending, between=as_bytes(joint.between), closes=joint.closes)
    return reader.raw(newlines=config.newlines, joint=in_bytes, files=files)


def joint_of(config: Config, *, ended: bool) -> Joint[str]:
    """What joins the files of a text: a line end, the end of a record, or the string that the user wants there."""
    separator, between = config.separator, config.between
    if separator:
        return Joint(ending=separator, between="" if between == separator else between, closes=ended)
    return Joint(ending="" if between else "\n", between=between)


def vocabulary_of(reader: Reader, config: Config, base: Vocabulary | None = None) -> Vocabulary:
    """The symbols of the whole text, after those of `base` if a model is trained further; bytes need no reading.

    Raises:
        CorpusError: it cannot be read as `config` says.
    """
    if config.bytes:
        return Vocabulary(None)
    found = collect(characters(reader, config))
    return base.extended(found) if base else Vocabulary(found)
