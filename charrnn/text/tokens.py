"""A text as ids in a memory-mapped file in the run folder: the training part first, then what is held out."""

import errno
import json
import logging
import mmap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.files import LACKING, replacing
from charrnn.hints import OnProgress, counted
from charrnn.text.integrity import contents_of, known_contents_of
from charrnn.text.reader import Reader
from charrnn.text.reading import blocks, vocabulary_of
from charrnn.text.source import Source
from charrnn.text.split import Parts, split
from charrnn.text.vocabulary import Vocabulary

IDS = "tokens.bin"
FACTS = "tokens.json"
FEWEST_CHARS = 2  # one to read and one to predict

log = logging.getLogger(__name__)

# The errors of mmap on file systems that cannot map files, such as some of clusters and clouds.
_NO_MAPS = LACKING | {errno.EACCES}


@dataclass(frozen=True, eq=False)
class Tokens:
    """An encoded text, read from the disk as it is needed; or held in RAM, where files cannot be mapped.

    parts: read-only views of the map (characters,), in the vocabulary's dtype; val or test is empty if nothing is held
    out for it. sha256, size: those of the content that was read; see `Reader`. notices: lines for the user.
    """

    vocabulary: Vocabulary
    parts: Parts
    sha256: str
    size: int
    notices: tuple[str, ...]
    map: mmap.mmap | bytes = field(repr=False)

    @property
    def train(self) -> np.ndarray:
        """The training part."""
        return self.parts.train

    @property
    def val(self) -> np.ndarray:
        """The validation part."""
        return self.parts.val

    def release(self) -> None:
        """Release the pages read so far, so that resident memory stays bounded; they can be read again at any time."""
        if isinstance(self.map, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self.map.madvise(mmap.MADV_DONTNEED)


def encode_corpus(
    source: Source, config: Config, folder: Path, *, base: Vocabulary | None = None, progress: OnProgress | None = None
) -> Tokens:
    """Read `source`, and write its ids, and facts about them, into `folder`.

    The text is read twice, for its characters and for their ids; bytes are read once. `base`, the vocabulary of a model
    to train further, is extended. `progress` is called with bytes, over both passes.

    Raises:
        CorpusError: the text cannot be read, is too short, or changes between the passes.
        StorageError: the ids cannot be written.
    """
    if base is not None and (base.characters is None) != config.bytes:
        raise CorpusError(
            "a model of characters cannot train further on bytes; leave out --bytes"
            if config.bytes
            else "a model of bytes cannot train further on characters; add --bytes"
        )
    first, second = _readers(source, config, progress)
    vocabulary = vocabulary_of(first, config, base)
    with replacing(folder / IDS) as file:
        lengths = [_write(file, second, files, vocabulary, config) for files in (source.files, source.val, source.test)]
        if not config.bytes and first.sha256.digest() != second.sha256.digest():
            raise CorpusError(f"{source.description} changed while it was read; try again when it is complete")
        lengths = _split_file(file, lengths, vocabulary, config, source)
        (folder / FACTS).unlink(missing_ok=True)  # so that there are never old facts beside new ids

    facts = {
        "lengths": lengths,
        "sha256": second.sha256.hexdigest(),
        "size": second.size,
        "crc32": contents_of(folder / IDS, vocabulary.dtype.str).crc32,
    }
    with replacing(folder / FACTS) as file:
        file.write(json.dumps(facts).encode())
    return _open(folder, vocabulary, facts, tuple(_notices(source, second, config, sum(lengths[1:]))))


def load_tokens(folder: Path, vocabulary: Vocabulary) -> Tokens | None:
    """The ids that `encode_corpus` wrote into `folder`; None if they are missing or damaged."""
    try:
        facts = json.loads((folder / FACTS).read_bytes())
        _verify(folder / IDS, vocabulary, facts)
        return _open(folder, vocabulary, facts, ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _readers(source: Source, config: Config, progress: OnProgress | None) -> tuple[Reader, Reader]:
    """The readers of the two passes, which share one count of progress; bytes need only the second."""
    if progress is None:
        return Reader(source), Reader(source)
    before = 0 if config.bytes else source.size
    total = before + source.size
    return (
        Reader(source, progress=lambda read: progress(read, total)),
        Reader(source, progress=lambda read: progress(before + read, total)),
    )


def _write(file: BinaryIO, reader: Reader, files: Sequence[Path], vocabulary: Vocabulary, config: Config) -> int:
    """Write the ids of `files`, and return their number."""
    count = 0
    for block in blocks(reader, config, files):
        # An unseen character means that the file has changed, which the caller notices.
        ids = vocabulary.encode(block, unknown="skip")
        file.write(ids.data)
        count += len(ids)
    return count


def _split_file(
    file: BinaryIO, lengths: Sequence[int], vocabulary: Vocabulary, config: Config, source: Source
) -> list[int]:
    """Put the ids in `file` in the order of the parts, and return the length of each.

    lengths: of the text to cut, and of the files of their own to validate and to test on.
    """
    file.flush()
    if lengths[0] < FEWEST_CHARS:
        has = counted(lengths[0], "character")
        raise CorpusError(f"{source.description} has {has}; training needs at least {FEWEST_CHARS}")
    text, *own = np.split(np.frombuffer(_mapped(file), vocabulary.dtype), np.cumsum(lengths)[:-1])
    cut = split(
        text,
        config.split,
        0.0 if lengths[1] else config.val_fraction,
        0.0 if lengths[2] else config.test_fraction,
        seed=config.seed,
        batch_size=config.batch_size,
        newline=vocabulary.newline,
    )
    parts = [cut.train, *(files if len(files) else held for files, held in zip(own, cut[1:], strict=True))]
    if config.split != "contiguous" or any(lengths[1:]):  # contiguous parts are views of the file, in order already
        parts = [part.copy() for part in parts]
        file.seek(0)
        for part in parts:
            file.write(part.data)
        file.truncate()
    return [len(part) for part in parts]


def _open(folder: Path, vocabulary: Vocabulary, facts: dict[str, Any], notices: tuple[str, ...]) -> Tokens:
    """Map the ids; raises ValueError if their number differs from the facts."""
    with (folder / IDS).open("rb") as file:
        map_ = _mapped(file)
    if not isinstance(map_, mmap.mmap):
        log.info("files in %s cannot be mapped into memory; the text takes %s bytes of RAM", folder, f"{len(map_):,}")
    ids = np.frombuffer(map_, vocabulary.dtype)
    train, val, test = facts["lengths"]
    if min(train, val, test) < 0 or len(ids) != train + val + test:
        raise ValueError(f"{folder / IDS} holds {len(ids)} ids")
    parts = Parts(*np.split(ids, [train, train + val]))
    return Tokens(vocabulary, parts, facts["sha256"], facts["size"], notices, map_)


def _verify(path: Path, vocabulary: Vocabulary, facts: dict[str, Any]) -> None:
    """Raise ValueError if the file is not the one that was written, or holds an id that the vocabulary does not have.

    Older facts have no checksum.
    """
    found = known_contents_of(path, vocabulary.dtype.str)
    if found.largest >= vocabulary.size or found.crc32 != facts.get("crc32", found.crc32):
        raise ValueError(f"{path} is damaged")


def _mapped(file: BinaryIO) -> mmap.mmap | bytes:
    """The content of `file` as a read-only map, or as bytes in RAM if its file system has no maps."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        if error.errno not in _NO_MAPS:
            raise
    file.seek(0)
    return file.read()


def _notices(source: Source, reader: Reader, config: Config, held_out: int) -> Iterator[str]:
    yield from source.notices
    for encoding, number in reader.marked.items():
        which = f"{counted(number, 'file')} " if len(source.files) > 1 else ""
        yield f"read {which}as {encoding}, as the byte order mark says"
    for encoding, number in reader.unmarked.items():
        which = f"{counted(number, 'file')} " if len(source.files) > 1 else ""
        its = "its" if number == 1 else "their"
        order = "little" if encoding.endswith("LE") else "big"
        yield f"read {which}as UTF-16 ({order}-endian), as {its} zeros say; --encoding names another"
    if reader.boms:
        yield f"removed {counted(reader.boms, 'byte order mark')}"
    if reader.undecoded:
        done = "left out" if config.errors == "ignore" else "replaced"
        yield f"{done} {counted(reader.undecoded, 'byte')} not in {config.encoding} (--errors {config.errors})"
    files = len(source.all_files)
    if reader.joined and files > 1 and not (config.separator and reader.joined == files):
        yield _joined(reader.joined, config)
    if line_ends := _listed(reader.line_ends):
        if config.newlines == "lf":
            yield f"made {line_ends} LF"
        elif not config.bytes:
            mixed = "\n" in config.separator and "\r" not in config.separator  # files with LF, and files without
            apart = ", where no record ends, as the separator has LF" if mixed else ""
            yield f"kept {line_ends}{apart} (--newlines lf makes them LF)"
    if config.val_fraction + config.test_fraction and not held_out:
        few = {"unique-lines": "too few different lines", "lines": "too few lines"}.get(config.split, "too short")
        yield f"nothing held out: {few} for --val-fraction {config.val_fraction:g} --split {config.split}"


def _joined(files: int, config: Config) -> str:
    """A line about files that got the end that they lacked."""
    number, end, each = counted(files, "file"), "s" if files == 1 else "", "it" if files == 1 else "each"
    if config.separator:
        return f"{number} end{end} without the separator; it was added after {each}"
    return f"{number} end{end} without a newline; one was added after {each}"


def _listed(line_ends: Counter[str]) -> str:
    """The numbers of line ends: 1 CRLF line end; 3 CRLF and 2 CR line ends. Empty if there are none."""
    *others, last = [f"{number} {name}" for name, number in line_ends.most_common()] or [""]
    plural = "s" if line_ends.total() > 1 else ""
    return f"{', '.join(others)}{' and ' if others else ''}{last} line end{plural}" if last else ""
