"""The corpora that charrnn knows by name, and their texts on this machine: where they lie, and if they are right."""

from pathlib import Path

from charrnn.catalogue.download import Progress
from charrnn.catalogue.entry import Corpus, read_corpus
from charrnn.catalogue.fetch import Provenance, fetch_text, read_provenance
from charrnn.catalogue.sources import Bundled, Result
from charrnn.errors import CorpusError
from charrnn.files import cache_folder
from charrnn.hints import nearest
from charrnn.text.reader import Reader
from charrnn.text.source import Source


def catalogue_folder() -> Path:
    """The folder of the corpus files: within the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "corpora"
    return installed if installed.is_dir() else package.parent / "corpora"


def list_corpora() -> list[Corpus]:
    """All corpora by name.

    Raises:
        CorpusError: a corpus file is not right.
    """
    return [read_corpus(path) for path in sorted(catalogue_folder().glob("*.yaml"))]


def find_corpus(name: str) -> Corpus:
    """The corpus `name`.

    Raises:
        CorpusError: there is none of this name, or its file is not right.
    """
    paths = {path.stem: path for path in sorted(catalogue_folder().glob("*.yaml"))}
    if name not in paths:
        raise CorpusError(f"there is no corpus {name!r}{nearest(name, paths)}; there are {', '.join(paths)}")
    return read_corpus(paths[name])


def local_path(corpus: Corpus) -> Path:
    """Where the text of `corpus` lies, or would lie once fetched: a file, but a folder for the standard library."""
    if corpus.offline:
        return corpus.sources[0].path(catalogue_folder())
    return cache_folder() / "corpora" / corpus.name / f"{corpus.name}.txt"


def is_here(corpus: Corpus) -> bool:
    """Whether the text can be read without fetching anything."""
    return corpus.offline or read_provenance(local_path(corpus)) is not None


def open_corpus(name: str, *, progress: Progress | None = None) -> Source:
    """The text of the corpus `name`, ready to read; it is fetched if it is not here, with `progress` (done, to do).

    Raises:
        CorpusError: there is no such corpus, it cannot be fetched, or its text has been changed.
    """
    corpus = find_corpus(name)
    if not is_here(corpus):
        fetch_corpus(corpus, progress=progress)
    files = _files(corpus)
    provenance = _checked(corpus, files)
    description = f"{corpus.title} ({provenance.note or provenance.origin})"
    return Source(name=name, files=files, description=description)


def fetch_corpus(corpus: Corpus, *, progress: Progress | None = None) -> Provenance:
    """Fetch the text of `corpus`, which is not `offline`, in place of any that is here.

    Raises:
        CorpusError: no source gives it, each with its reason, or it cannot be written.
    """
    try:
        return fetch_text(corpus.name, corpus.sources, local_path(corpus), progress)
    except CorpusError as error:
        offline = ", ".join(each.name for each in list_corpora() if each.offline)
        raise CorpusError(f"{error}; these work offline: {offline}") from error


def verify_corpus(corpus: Corpus) -> Provenance:
    """Read the text of `corpus` and compare it with what it should be; returns what it is.

    Raises:
        CorpusError: it is not here, or not the right one.
    """
    if not is_here(corpus):
        raise CorpusError(f"{corpus.name} is not here; run charrnn corpora fetch {corpus.name}")
    return _checked(corpus, _files(corpus))


def _files(corpus: Corpus) -> tuple[Path, ...]:
    return corpus.sources[0].files(catalogue_folder()) if corpus.offline else (local_path(corpus),)


def _checked(corpus: Corpus, files: tuple[Path, ...]) -> Provenance:
    """What the text in `files` is; raises CorpusError if it is not what was fetched, or is declared."""
    reader = Reader(Source(name=corpus.name, files=files))
    for _ in reader.raw():
        pass
    found = Result(reader.size, reader.sha256.hexdigest())
    if corpus.offline:
        source = corpus.sources[0]
        noted = Provenance(source.label, source.note, found.size, found.sha256, date="", verified=True)
        expected = [source.result] if isinstance(source, Bundled) else []
    else:
        noted = read_provenance(local_path(corpus))
        declared = [each.result for each in corpus.sources if each.label == noted.origin and each.result]
        expected = [Result(noted.size, noted.sha256), *declared]
    for result in expected:
        if found != result:
            mend = "restore it" if corpus.offline else f"run charrnn corpora fetch --force {corpus.name}"
            raise CorpusError(
                f"{files[0]} differs from corpus {corpus.name}: {found.size} bytes with sha256 "
                f"{found.sha256[:12]}..., not {result.size} with {result.sha256[:12]}...; {mend}"
            )
    return noted
