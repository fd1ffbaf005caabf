"""Reading a text: one pass over its files in blocks, decoded and checked on the way.

A text is never held in memory as a whole: it is read in blocks, and each pass has its own `Reader`.
"""

import codecs
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import AnyStr

from charrnn.config import Config
from charrnn.errors import CorpusError, OptionError
from charrnn.text.characters.candidates import candidates
from charrnn.text.characters.encodings import is_in, is_nearly_utf8, marked_encoding
from charrnn.text.characters.line_ends import IN_BYTES, IN_TEXT, with_line_ends
from charrnn.text.characters.normal import with_form
from charrnn.text.files.formats import file_content, head_of, recognized_encoding, why_not_text
from charrnn.text.files.source import BLOCK_SIZE, Source
from charrnn.text.reading.joint import Joint, ending_lines, line_end_of

_LINES, _NOTHING = Joint(ending="\n", between=""), Joint(ending=b"", between=b"")
_COUNTED = "charrnn-counted"  # the name of an error handler: decoders know handlers by name only

Handler = Callable[[UnicodeError], tuple[str | bytes, int]]


def sha256_of(source: Source) -> str:
    """The SHA-256 of a text's content, in hexadecimal digits.

    Raises:
        CorpusError: a file cannot be read, or is damaged.
    """
    reader = Reader(source)
    for _ in reader.raw():
        pass
    return reader.sha256.hexdigest()


class Reader:
    """One pass over a text that counts what it finds.

    Compressed files are read as their content: `size` and `sha256`, by which a run recognizes its text, are those of
    the content, so that a text and its compressed copy are the same text.

    size: bytes read so far. sha256: digest object over these bytes, before they are decoded. line_ends: line ends other
    than LF, by name. boms: byte order marks removed. marked, unmarked: files read in another encoding than the one
    given because of their byte order mark, or because of their zeros, by encoding. undecoded: bytes that are not in the
    encoding, ignored or replaced. ends: characters (of `raw`, bytes) yielded up to the end of each file, including what
    joins it to the next. joined: files that lacked the end that a joint wants. `progress`, if given, is called with
    `size` after each block.
    """

    def __init__(
        self, source: Source, *, block_size: int = BLOCK_SIZE, progress: Callable[[int], None] | None = None
    ) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.line_ends: Counter[str] = Counter()
        self.boms = 0
        self.marked: Counter[str] = Counter()
        self.unmarked: Counter[str] = Counter()
        self.undecoded = 0
        self.ends: list[int] = []
        self.joined = 0
        self._line_end = "\n"  # of the file that is being read
        self._source = source
        self._block_size = block_size
        self._progress = progress

    def text(
        self,
        *,
        encoding: str = "utf-8",
        errors: str = "strict",
        newlines: str = "keep",
        normalize: str = "none",
        joint: Joint[str] = _LINES,
        files: Sequence[Path] | None = None,
    ) -> Iterator[str]:
        """The characters of `files` (of all by default), a block at a time, without byte order marks.

        `newlines` 'lf' makes all line ends LF, `normalize` gives each file a Unicode normal form, and `joint` joins the
        files. A file that is UTF-16 or UTF-32 by its byte
        order mark, or UTF-16 by its zeros, is read in that encoding if `encoding` is UTF-8, in which such texts are not
        valid or hardly texts. Any other `encoding` is used as given.

        Raises:
            CorpusError: a file cannot be read, is damaged or not a text, or a byte is not in the encoding.
            OptionError: there is no such encoding.
        """
        _check_encoding(encoding)

        def read(file: Path) -> Iterator[str]:
            decoded = self._decoded(file, encoding, errors)
            text = self._with_last_end(with_line_ends(decoded, IN_TEXT, newlines, self.line_ends))
            return text if normalize == "none" else with_form(text, normalize)

        def joint_here() -> Joint[str]:
            return ending_lines(joint, self._line_end)

        return self._joined(read, joint_here, files)

    def _with_last_end(self, blocks: Iterator[str]) -> Iterator[str]:
        """The blocks of a file, of which the last line end is kept."""
        self._line_end = "\n"
        for block in blocks:
            self._line_end = line_end_of(block, self._line_end)
            yield block

    def raw(
        self, *, newlines: str = "keep", joint: Joint[bytes] = _NOTHING, files: Sequence[Path] | None = None
    ) -> Iterator[bytes]:
        """The bytes of `files` (of all by default), a block at a time.

        They are unchanged unless `newlines` is 'lf', which makes CRLF and CR line ends LF, or `joint` puts something
        between the files.

        Raises:
            CorpusError: a file cannot be read, or is damaged.
        """

        def read(file: Path) -> Iterator[bytes]:
            return with_line_ends(self._read(file), IN_BYTES, newlines, self.line_ends)

        return self._joined(read, lambda: joint, files)

    def _joined(
        self,
        read: Callable[[Path], Iterator[AnyStr]],
        joint_here: Callable[[], Joint[AnyStr]],
        files: Sequence[Path] | None,
    ) -> Iterator[AnyStr]:
        """The blocks of each file in turn, and what joins it to the next one that is not empty.

        `joint_here` gives the joint after the file that was read last.
        """
        files = self._source.all_files if files is None else files
        opened = _not_empty(read, files)
        length = 0
        at, blocks = next(opened, (len(files), iter(())))
        self.ends += [0] * at
        while at < len(files):
            tail: AnyStr | None = None
            for block in blocks:
                tail = (block if tail is None else tail + block)[-max(1, len(joint_here().ending)) :]
                length += len(block)
                yield block
            joint = joint_here()  # before the next file is opened
            following, blocks = next(opened, (len(files), iter(())))
            if tail and (more := joint.after(tail, last=following == len(files))):
                self.joined += not joint.between
                length += len(more)
                yield more
            self.ends += [length] * (following - at)
            at = following

    def _read(self, file: Path) -> Iterator[bytes]:
        for block in file_content(file, self._block_size):
            self.sha256.update(block)
            self.size += len(block)
            yield block
            if self._progress:
                self._progress(self.size)

    def _decoded(self, file: Path, encoding: str, errors: str) -> Iterator[str]:
        head = head_of(file)
        if not_text := why_not_text(head, self._shown(file), self._path(file)):
            raise CorpusError(f"{not_text} (charrnn train --bytes learns any file as bytes)")
        if _is_utf8(encoding) and (recognized := recognized_encoding(head)):
            encoding = recognized
            (self.marked if marked_encoding(head) else self.unmarked)[recognized] += 1
        decoder = codecs.getincrementaldecoder(encoding)("strict" if errors == "strict" else _COUNTED)
        count = self._counting(codecs.lookup_error(errors))
        end = 0
        at_start = True
        for block in chain(self._read(file), [b""]):
            end += len(block)
            codecs.register_error(_COUNTED, count)  # again, because another reader may have registered its own since
            try:
                decoded = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                # The decoder sees the bytes it held back and the block as one object: only its end is known.
                offset = end - len(error.object) + error.start
                raise CorpusError(self._not_decoded(file, head, error.object[error.start], offset, encoding)) from error
            except UnicodeError as error:  # UTF-16 and UTF-32 without the mark that gives the byte order
                wrong = f"{self._shown(file)} is not {encoding}: {error}"
                raise CorpusError(self._advised(wrong, file, encoding)) from error
            if at_start and decoded:
                at_start = False
                self.boms += decoded[0] == "\ufeff"
                decoded = decoded.removeprefix("\ufeff")
            yield decoded

    def _counting(self, handle: Handler) -> Handler:
        """Wrap `handle` so that the bytes that it is called for are counted."""

        def count(error: UnicodeError) -> tuple[str | bytes, int]:
            if isinstance(error, UnicodeDecodeError):
                self.undecoded += error.end - error.start
            return handle(error)

        return count

    def _not_decoded(self, file: Path, head: bytes, byte: int, offset: int, encoding: str) -> str:
        """A message about a byte that is not in the encoding; `head` is the beginning of the file."""
        if b"\0" in head and not _has_nul(encoding):  # it would not be a text in any other encoding
            return (
                f"{self._shown(file)} is not a text: it has NUL bytes, the first at offset {head.index(0)}; "
                f"charrnn train --bytes learns any file as bytes{self._leave_out}"
            )
        wrong = f"{self._shown(file)}: byte 0x{byte:02x} at offset {offset} is not {encoding}"
        return self._advised(wrong, file, encoding)

    def _advised(self, wrong: str, file: Path, encoding: str) -> str:
        advice, *previews = self._way_out(file, encoding)
        message = f"{wrong}{advice}{self._leave_out}"
        return "\n  ".join([f"{message}; a line of it reads:" if previews else message, *previews])

    def _way_out(self, file: Path, encoding: str) -> list[str]:
        """What a file that is not in `encoding` may be in, and what to do; then previews if that is not clear."""

        def content() -> Iterator[bytes]:
            return file_content(file, self._block_size)

        if not _is_utf8(encoding) and b"\0" not in head_of(file) and is_in("utf-8", content()):
            return [", but the file is valid UTF-8; use --encoding utf-8"]
        if is_nearly_utf8(content()):
            return [", while nearly all others are UTF-8; the text is damaged there: use --errors replace or --bytes"]
        found = [each for each in candidates(content()) if is_in(each.encoding, content())]
        if not found and _is_utf8(encoding):
            return [", nor is the text in any encoding that was tried; name its --encoding, or use --bytes"]
        if not found:
            return ["; name its --encoding, or --errors replace if it is damaged, or use --bytes"]
        if len(found) == 1:
            name, preview = found[0]
            return [f"; as {name} it reads {preview!r}: use --encoding {name}, or --bytes"]
        previews = [f"--encoding {each.encoding:<12} {each.preview}" for each in found]
        return ["; name its --encoding, or use --bytes", *previews]

    @property
    def _leave_out(self) -> str:
        return ", or leave the file out (of a folder, with --glob)" if len(self._source.all_files) > 1 else ""

    def _shown(self, file: Path) -> str:
        return self._source.shown_as if self._is_renamed(file) else str(file)

    def _path(self, file: Path) -> Path:
        """The path of a file in a command; a word to replace if the user does not know the file."""
        return Path("FILE") if self._is_renamed(file) else file

    def _is_renamed(self, file: Path) -> bool:
        """Whether the source says what to call this file; those of other parts have their own names."""
        return bool(self._source.shown_as) and file in self._source.files


def _not_empty(
    read: Callable[[Path], Iterator[AnyStr]], files: Sequence[Path]
) -> Iterator[tuple[int, Iterator[AnyStr]]]:
    """The number and the blocks of each file that is not empty, opened when its turn comes."""
    for number, file in enumerate(files):
        blocks = read(file)
        first = next(blocks, None)
        if first is not None:
            yield number, chain([first], blocks)


def reads_as_utf8(source: Source, encoding: str) -> bool:
    """Whether every file is UTF-8, or recognized as UTF-16 or UTF-32, where the run's own text is in `encoding`.

    ASCII is read in the run's encoding if that agrees with ASCII: of some, such as ISO-2022-JP, all bytes are ASCII.
    """
    agrees_with_ascii = "a".encode(encoding) == b"a"

    def fits(file: Path) -> bool:
        if recognized_encoding(head_of(file)):
            return True
        content = b"".join(Reader(source).raw(files=[file]))
        return not (b"\0" in content or (content.isascii() and agrees_with_ascii)) and is_in("utf-8", [content])

    return all(fits(file) for file in source.all_files)


def takes_binary(config: Config) -> bool:
    """Whether files with NUL bytes can be texts under these settings: with --bytes, or in an encoding such as UTF-16.

    Raises:
        OptionError: there is no such encoding.
    """
    if config.bytes:
        return True
    _check_encoding(config.encoding)
    return _has_nul(config.encoding)


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)  # refuses codecs that are not text encodings, such as hex
        codecs.getincrementaldecoder(encoding)
    except (LookupError, ValueError) as error:
        raise OptionError(f"there is no encoding {encoding!r}; try utf-8, utf-16, latin-1 or cp1252") from error


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "utf-8"


def _has_nul(encoding: str) -> bool:
    """Whether texts in this encoding are full of NUL bytes, as those in UTF-16 are."""
    return b"\0" in "a".encode(encoding)
