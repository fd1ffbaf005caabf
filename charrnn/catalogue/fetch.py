"""Fetch the text of a corpus: try its origins in order, check what comes, clean it, check it again, and keep it.

The text takes its place in one move, so that it is there whole or not at all; a small file beside it, its provenance,
says where it came from.
"""

import datetime
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.catalogue.clean import clean
from charrnn.catalogue.download import Progress
from charrnn.catalogue.sources import Download
from charrnn.errors import CorpusError


@dataclass(frozen=True)
class Provenance:
    """Where a text came from and which bytes it has; `note` is what a user should know about this origin."""

    origin: str
    note: str
    size: int
    sha256: str
    date: str
    verified: bool  # the origin's bytes are known


def fetch_text(name: str, origins: Sequence[Download], target: Path, progress: Progress | None = None) -> Provenance:
    """Bring the text of corpus `name` to `target` from the first of `origins` that gives it.

    Raises:
        CorpusError: none of them does, each with its reason, or the folder cannot be written.
    """
    reasons = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for origin in origins:
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
                try:
                    text = _text(origin, Path(folder), progress)
                except CorpusError as error:
                    reasons.append(f"{origin.label}: {error}")
                else:
                    return _keep(text, origin, Path(folder), target)
    except OSError as error:
        raise CorpusError(
            f"cannot write in {target.parent}: {error.strerror}; free some space, or set CHARRNN_CACHE "
            "to another folder"
        ) from error
    raise CorpusError(f"{name} cannot be fetched: {'; '.join(reasons)}")


def read_provenance(target: Path) -> Provenance | None:
    """What was noted when the text at `target` was fetched; None if it was not, or not to the end."""
    try:
        return Provenance(**json.loads(_note_path(target).read_bytes())) if target.is_file() else None
    except (OSError, ValueError, TypeError):
        return None


def _text(origin: Download, folder: Path, progress: Progress | None) -> bytes:
    path = origin.obtain(folder, progress)
    origin.check(path)
    try:
        text = origin.read(path).decode()
    except UnicodeDecodeError as error:
        raise CorpusError(f"the text is not UTF-8 (byte {error.start})") from error
    content = clean(text, origin.cleaning).encode()
    if origin.result:
        origin.result.check(content, "the cleaned text")
    return content


def _keep(text: bytes, origin: Download, folder: Path, target: Path) -> Provenance:
    provenance = Provenance(
        origin=origin.label,
        note=origin.note,
        size=len(text),
        sha256=hashlib.sha256(text).hexdigest(),
        date=datetime.date.today().isoformat(),
        verified=not origin.unverified,
    )
    text_part, note_part = folder / "text", folder / "provenance"
    text_part.write_bytes(text)
    note_part.write_text(json.dumps(asdict(provenance), indent=2) + "\n")
    _note_path(target).unlink(missing_ok=True)  # so that an old note never stands beside a new text
    text_part.replace(target)
    note_part.replace(_note_path(target))
    return provenance


def _note_path(target: Path) -> Path:
    return target.with_name("provenance.json")
