"""Fetches the text of a corpus: its sources are tried in order; the text is checked, cleaned, and checked again.

The text is moved into place in one step, so that it is never incomplete. A small file beside it, its provenance, says
where it came from.
"""

import datetime
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.catalogue.clean import clean
from charrnn.catalogue.sources import Checksum, Download
from charrnn.errors import CorpusError
from charrnn.hints import OnProgress


@dataclass(frozen=True)
class Provenance:
    """Where a text came from, and its size and checksum.

    origin: the label of the source. note: what a user should know about that source. date: when it was fetched, as in
    2026-11-25. verified: whether the source's bytes are known.
    """

    origin: str
    note: str
    size: int
    sha256: str
    date: str
    verified: bool


def fetch_text(name: str, sources: Sequence[Download], target: Path, progress: OnProgress | None = None) -> Provenance:
    """Write the text of corpus `name` to `target`, from the first of `sources` that works.

    Raises:
        CorpusError: none of them works (the message gives the reason of each), or the folder cannot be written.
    """
    reasons = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for source in sources:
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
                try:
                    text = _text(source, Path(folder), progress)
                except CorpusError as error:
                    reasons.append(f"{source.label}: {error}")
                else:
                    return _keep(text, source, Path(folder), target)
    except OSError as error:
        raise CorpusError(
            f"cannot write in {target.parent}: {error.strerror}; free some space, or set CHARRNN_CACHE "
            "to another folder"
        ) from error
    raise CorpusError(f"{name} cannot be fetched: {'; '.join(reasons)}")


def read_provenance(target: Path) -> Provenance | None:
    """The provenance of the text at `target`; None if it was not fetched, or not completely."""
    try:
        return Provenance(**json.loads(_note_path(target).read_bytes())) if target.is_file() else None
    except (OSError, ValueError, TypeError):
        return None


def _text(source: Download, folder: Path, progress: OnProgress | None) -> bytes:
    path = source.obtain(folder, progress)
    source.check(path)
    try:
        text = source.read(path).decode()
    except UnicodeDecodeError as error:
        raise CorpusError(f"the text is not UTF-8 (byte {error.start})") from error
    content = clean(text, source.cleaning).encode()
    source.check_text(content)
    return content


def _keep(text: bytes, source: Download, folder: Path, target: Path) -> Provenance:
    found = Checksum.of(text)
    provenance = Provenance(
        origin=source.label,
        note=source.note,
        size=found.size,
        sha256=found.sha256,
        date=datetime.date.today().isoformat(),
        verified=not source.unverified,
    )
    new_text, new_note = folder / "text", folder / "provenance"
    new_text.write_bytes(text)
    new_note.write_text(json.dumps(asdict(provenance), indent=2) + "\n")
    _note_path(target).unlink(missing_ok=True)  # so that there is never an old note beside a new text
    new_text.replace(target)
    new_note.replace(_note_path(target))
    return provenance


def _note_path(target: Path) -> Path:
    return target.with_name("provenance.json")
