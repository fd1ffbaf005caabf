"""Where a corpus comes from: one class for each `kind` of source in a corpus file, its fields being the keys there.

What lies on this machine has `files`; what must be fetched first has `obtain`, which brings a file that `read` then
takes the text from. A fetched file is read as data: never installed, never run.
"""

import hashlib
import platform
import sys
import sysconfig
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from charrnn.catalogue.archives import deb_text, tar_text, zip_text
from charrnn.catalogue.clean import CLEANING
from charrnn.catalogue.download import ANSWER_TIMEOUT, Progress, download, run_client
from charrnn.errors import CorpusError

# Folders of the standard library that hold other people's code, or tests.
_NOT_LIBRARY = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}


@dataclass(frozen=True)
class Result:
    """The one right text: `size` in bytes and `sha256` in hexadecimal digits."""

    size: int
    sha256: str

    def check(self, content: bytes, what: str) -> None:
        """Raise CorpusError if `content` are other bytes."""
        found = hashlib.sha256(content).hexdigest()
        if (len(content), found) != (self.size, self.sha256):
            raise CorpusError(
                f"{what} is not the right one: {len(content)} bytes with sha256 {found[:12]}..., "
                f"where {self.size} with {self.sha256[:12]}... are expected"
            )


@dataclass(frozen=True)
class Bundled:
    """A file that lies beside the corpus file."""

    file: str
    result: Result
    note: str = ""

    label: ClassVar[str] = "bundled"

    def path(self, folder: Path) -> Path:
        """The file, in the catalogue's `folder`."""
        return folder / self.file

    def files(self, folder: Path) -> tuple[Path, ...]:
        """The one file."""
        return (self.path(folder),)


@dataclass(frozen=True)
class Stdlib:
    """The standard library of the Python that runs; its text differs from version to version."""

    note: str = ""

    @property
    def label(self) -> str:
        """The Python version."""
        return f"Python {platform.python_version()}"

    def path(self, folder: Path) -> Path:
        """Its own folder, wherever the catalogue's is."""
        return Path(sysconfig.get_path("stdlib"))

    def files(self, folder: Path) -> tuple[Path, ...]:
        """Its modules by path, without tests, installed packages, and files that are empty or not UTF-8.

        Raises:
            CorpusError: this Python has no source files.
        """
        library = self.path(folder)
        paths = {path.relative_to(library).as_posix(): path for path in library.rglob("*.py")}
        names = sorted(name for name in paths if _NOT_LIBRARY.isdisjoint(name.split("/")))
        files = tuple(paths[name] for name in names if _is_utf8(paths[name]))
        if not files:
            raise CorpusError(f"no *.py files in {library}; install Python's standard library, or take another corpus")
        return files


@dataclass(frozen=True)
class Download(ABC):
    """A file to fetch; its bytes are known by `sha256`, or `unverified: true` is written for all to see.

    size: bytes, where known; else max_size limits the download. result: the cleaned text, where known.
    """

    _: KW_ONLY
    size: int | None = None
    max_size: int | None = None
    sha256: str | None = None
    unverified: bool = False
    cleaning: tuple[str, ...] = ()
    result: Result | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.sha256 is None) is not self.unverified:
            raise CorpusError("give either the sha256 of the download or unverified: true")
        if (self.size is None) is (self.max_size is None):
            raise CorpusError("give either size or max_size of the download, in bytes")
        for step in self.cleaning:
            if step not in CLEANING:
                raise CorpusError(f"there is no cleaning step {step!r}; there are {', '.join(CLEANING)}")

    @property
    def limit(self) -> int:
        """The most bytes that may come."""
        return self.size or self.max_size

    def check(self, path: Path) -> None:
        """Raise CorpusError if the file at `path` is not the one declared."""
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
        if self.size not in (None, size) or self.sha256 not in (None, found):
            raise CorpusError(f"the download is not the expected file: {size} bytes with sha256 {found[:12]}...")

    @property
    @abstractmethod
    def label(self) -> str:
        """A few words for people."""

    @abstractmethod
    def obtain(self, folder: Path, progress: Progress | None) -> Path:
        """Bring the file into `folder`; raises CorpusError saying why it does not come."""

    @abstractmethod
    def read(self, path: Path) -> bytes:
        """The text in the file, before cleaning; raises CorpusError if it is not in there."""


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
        return urlsplit(self.url).hostname

    def obtain(self, folder: Path, progress: Progress | None) -> Path:
        """Download it."""
        path = folder / "download"
        download(self.url, path, limit=self.limit, progress=progress)
        return path

    def read(self, path: Path) -> bytes:
        """All of it."""
        return path.read_bytes()


@dataclass(frozen=True)
class Archive(Url):
    """A tar archive on the web; `members` are patterns."""

    members: tuple[str, ...]

    def read(self, path: Path) -> bytes:
        """The members."""
        return tar_text(path, self.members)


@dataclass(frozen=True)
class PackageIndex(Download):
    """A wheel from the Python package index that pip is set up with; `members` are patterns."""

    package: str
    version: str
    members: tuple[str, ...]

    @property
    def label(self) -> str:
        """The package."""
        return f"Python package {self.package} {self.version}"

    def obtain(self, folder: Path, progress: Progress | None) -> Path:
        """Let pip download it; a wheel is not built, so nothing of it is run."""
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
        """The members."""
        return zip_text(path, self.members)


@dataclass(frozen=True)
class Debian(Download):
    """A Debian package from the mirror that apt is set up with: `members` of the tar archive `archive` within it."""

    package: str
    archive: str
    members: tuple[str, ...]
    version: str = ""

    @property
    def label(self) -> str:
        """The package."""
        return f"Debian package {self.package} {self.version or '(any version)'}"

    def obtain(self, folder: Path, progress: Progress | None) -> Path:
        """Let apt-get download it, which also checks it by its signed index."""
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
        """The members."""
        return deb_text(path, self.archive, self.members)


Origin = Bundled | Stdlib | Download
KINDS = {
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
        raise CorpusError(f"the package client has left no {pattern} file")
    return found[0]


def _is_utf8(path: Path) -> bool:
    try:
        return bool(path.read_bytes().decode())
    except UnicodeDecodeError:
        return False
