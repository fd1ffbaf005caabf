"""The corpora that charrnn knows by name, and their texts: where they are on this machine, and whether intact."""

from pathlib import Path

from charrnn.catalogue.entry import Corpus, read_corpus
from charrnn.catalogue.fetch import Provenance, fetch_text, read_provenance
from charrnn.catalogue.sources import Checksum
from charrnn.errors import CorpusError
from charrnn.files import cache_folder
from charrnn.hints import OnProgress, nearest
from charrnn.text.files.source import Source
from charrnn.text.reading.reader import Reader


def catalogue_folder() -> Path:
    """The folder of the corpus files: within the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "corpora"
    return installed if installed.is_dir() else package.parent / "corpora"


def list_corpora() -> list[Corpus]:
    """All corpora, by name.

    Raises:
        CorpusError: a corpus file is invalid.
    """
    return [read_corpus(path) for path in sorted(catalogue_folder().glob("*.yaml"))]


def find_corpus(name: str) -> Corpus:
    """The corpus `name`.

    Raises:
        CorpusError: no corpus has this name, or its file is invalid.
    """
    paths = {path.stem: path for path in sorted(catalogue_folder().glob("*.yaml"))}
    if name not in paths:
        raise CorpusError(f"unknown corpus {name!r}{nearest(name, paths) or '; the corpora are ' + ', '.join(paths)}")
    return read_corpus(paths[name])


def local_path(corpus: Corpus) -> Path:
    """Where the text of `corpus` is, or would be once fetched: a file, but a folder for the standard library."""
    if corpus.local:
        return corpus.local.path(catalogue_folder())
    return cache_folder() / "corpora" / corpus.name / f"{corpus.name}.txt"


def is_here(corpus: Corpus) -> bool:
    """Whether the text is on this machine."""
    return corpus.offline or read_provenance(local_path(corpus)) is not None


def open_corpus(name: str, *, progress: OnProgress | None = None) -> Source:
    """The text of the corpus `name`, ready to read; it is fetched if it is not here.

    Raises:
        CorpusError: there is no such corpus, it cannot be fetched, or its text has been changed.
    """
    corpus = find_corpus(name)
    if not is_here(corpus):
        fetch_corpus(corpus, progress=progress)
    provenance = _checked(corpus)
    description = f"{corpus.title} ({provenance.note or provenance.origin})"
    return Source(name=name, files=_files(corpus), description=description)


def fetch_corpus(corpus: Corpus, *, progress: OnProgress | None = None) -> Provenance:
    """Fetch the text of `corpus`, which is not `offline`, and replace an existing copy.

    Raises:
        CorpusError: no source works (the message gives the reason of each), or the text cannot be written.
    """
    try:
        return fetch_text(corpus.name, corpus.downloads, local_path(corpus), progress)
    except CorpusError as error:
        offline = ", ".join(each.name for each in list_corpora() if each.offline)
        raise CorpusError(f"{error}; these work offline: {offline}") from error


def verify_corpus(corpus: Corpus) -> Provenance:
    """Read the text of `corpus`, compare it with what it should be, and return where it came from.

    Raises:
        CorpusError: it is not on this machine, or differs from what it should be.
    """
    if not is_here(corpus):
        raise CorpusError(f"{corpus.name} is not here; run charrnn corpora fetch {corpus.name}")
    return _checked(corpus)


def _files(corpus: Corpus) -> tuple[Path, ...]:
    return corpus.local.files(catalogue_folder()) if corpus.local else (local_path(corpus),)


def _checked(corpus: Corpus) -> Provenance:
    """The provenance of the text; raises CorpusError if it differs from the text that was fetched or declared."""
    files = _files(corpus)
    reader = Reader(Source(name=corpus.name, files=files))
    for _ in reader.raw():
        pass
    found = Checksum(reader.size, reader.sha256.hexdigest())
    noted, expected, remedy = _expected_local(corpus, found) or _expected_fetched(corpus)
    for checksum in expected:
        if found != checksum:
            raise CorpusError(f"{files[0]} differs from corpus {corpus.name}: {found}, not {checksum}; {remedy}")
    return noted


def _expected_local(corpus: Corpus, found: Checksum) -> tuple[Provenance, list[Checksum], str] | None:
    """The provenance of a text that is always here, its expected checksums, and a remedy for others."""
    if corpus.local is None:
        return None
    local = corpus.local
    noted = Provenance(local.label, local.note, found.size, found.sha256, date="", verified=True)
    return noted, [local.expected] if local.expected else [], "restore it"


def _expected_fetched(corpus: Corpus) -> tuple[Provenance, list[Checksum], str]:
    """The same as `_expected_local`, for a text that was fetched."""
    remedy = f"run charrnn corpora fetch --force {corpus.name}"
    noted = read_provenance(local_path(corpus))
    if noted is None:
        raise CorpusError(f"{corpus.name} was removed while it was read; {remedy}")
    declared = [each.result for each in corpus.downloads if each.label == noted.origin and each.result]
    return noted, [Checksum(noted.size, noted.sha256), *declared], remedy
