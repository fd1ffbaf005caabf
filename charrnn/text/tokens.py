"""A text as ids in a memory-mapped file in the run folder: the training part first, then what is held out."""

import errno
import json
import logging
import mmap
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np

from charrnn.config import Config
from charrnn.errors import CorpusError
from charrnn.files import LACKING, replacing
from charrnn.hints import OnProgress, counted
from charrnn.text.files.source import BLOCK_SIZE, Source
from charrnn.text.files.weights import weights_of
from charrnn.text.integrity import contents_of, known_contents_of
from charrnn.text.parts.gathered import Gathered, are_in_place
from charrnn.text.parts.records import completed, separator_of
from charrnn.text.parts.repeats import Repeats
from charrnn.text.parts.split import Parts, split
from charrnn.text.reading.configured import blocks, characters, vocabulary_from
from charrnn.text.reading.notices import notices
from charrnn.text.reading.reader import Reader
from charrnn.text.vocabulary import Vocabulary, count_characters

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
    counts = {} if config.bytes else count_characters(characters(first, config))
    vocabulary = Vocabulary(None) if config.bytes else vocabulary_from(counts, config, base)
    with replacing(folder / IDS) as file:
        lengths = [_write(file, second, source.files, vocabulary, config) + _end(file, vocabulary, config)]
        lengths += [_write(file, second, files, vocabulary, config) for files in (source.val, source.test)]
        if not config.bytes and first.sha256.digest() != second.sha256.digest():
            raise CorpusError(f"{source.description} changed while it was read; try again when it is complete")
        whole = sum(lengths)
        lengths = _split_file(file, lengths, second.ends[: len(source.files)], vocabulary, config, source)
        (folder / FACTS).unlink(missing_ok=True)  # so that there are never old facts beside new ids

    facts = {
        "lengths": lengths,
        "sha256": second.sha256.hexdigest(),
        "size": second.size,
        "crc32": contents_of(folder / IDS, vocabulary.dtype.str).crc32,
    }
    with replacing(folder / FACTS) as file:
        file.write(json.dumps(facts).encode())
    said = notices(source, second, config, vocabulary, counts, lengths, whole - sum(lengths))
    return _open(folder, vocabulary, facts, tuple(said))


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
        # Without an unknown symbol, an unseen character means that the file has changed, which the caller notices.
        ids = vocabulary.encode(block, unknown="replace" if vocabulary.has_unknown else "skip")
        count += _append(file, ids)
    return count


def _end(file: BinaryIO, vocabulary: Vocabulary, config: Config) -> int:
    """End the last line or record in `file` if it may be repeated, and return the number of ids written."""
    if not config.weight:
        return 0
    separator = separator_of(config, vocabulary)
    file.seek(max(0, file.tell() - separator.nbytes))
    tail = np.frombuffer(file.read(), separator.dtype)
    return _append(file, completed(tail, separator)[len(tail) :])


def _split_file(
    file: BinaryIO, lengths: Sequence[int], ends: Sequence[int], vocabulary: Vocabulary, config: Config, source: Source
) -> list[int]:
    """Put the ids in `file` in the order of the parts, and return the length of each.

    lengths: of the text to cut, and of the files of their own to validate and to test on. ends: of the files in the
    text. Parts that are not in their order are first written into a temporary file beside `file`.
    """
    file.flush()
    if lengths[0] < FEWEST_CHARS:
        has = counted(lengths[0], "character")
        raise CorpusError(f"{source.description} has {has}; training needs at least {FEWEST_CHARS}")
    ids = np.frombuffer(_mapped(file), vocabulary.dtype)
    folder = Path(file.name).parent
    with TemporaryFile(dir=folder) as scratch, TemporaryFile(dir=folder) as ordered:
        cut = split(
            ids[: lengths[0]],
            config,
            separator_of(config, vocabulary),
            (0.0 if lengths[1] else config.val_fraction, 0.0 if lengths[2] else config.test_fraction),
            scratch=scratch,
            repeats=Repeats(np.array(ends), np.array(weights_of(source, config))),
        )
        own = [Gathered(ids, [sum(lengths[:part])], [lengths[part]]) for part in (1, 2)]
        parts = [cut[0], *(files if files.size else held for files, held in zip(own, cut[1:], strict=True))]
        if are_in_place(parts, len(ids)):
            return [part.size for part in parts]
        sizes = [sum(_append(ordered, block) for block in part.blocks()) for part in parts]
        ordered.seek(0)
        file.seek(0)
        shutil.copyfileobj(ordered, file, BLOCK_SIZE)
        file.truncate()
    return sizes


def _append(file: BinaryIO, ids: np.ndarray) -> int:
    """Write `ids`, and return their number."""
    file.write(ids.data)
    return len(ids)


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
