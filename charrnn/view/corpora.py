"""The catalogue of texts as a list and as lines."""

import shutil
import textwrap
from collections.abc import Iterable

from charrnn.catalogue import is_here, local_path
from charrnn.catalogue.entry import Corpus
from charrnn.catalogue.fetch import Provenance
from charrnn.catalogue.sources import CorpusSource
from charrnn.view.terminal import print_line

WIDTH_OF_A_FILE = 100


def state(corpus: Corpus) -> str:
    """Whether a corpus is on this machine."""
    if corpus.offline:
        return "always here"
    return "here" if is_here(corpus) else "not fetched"


def show_corpora(corpora: Iterable[Corpus]) -> None:
    """Print a line for each corpus."""
    rows = [("NAME", "STATE", "TITLE")]
    rows += [(corpus.name, state(corpus), corpus.title) for corpus in corpora]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print_line("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def show_corpus(corpus: Corpus, text: Provenance | str | None) -> None:
    """Print facts about a corpus; `text` is the provenance of its text on this machine, or what is wrong with it."""
    print_line(f"{corpus.name}: {corpus.title}")
    print_line(_wrapped(corpus.description))
    lines = {"licence": corpus.licence, "state": state(corpus), "path": str(local_path(corpus))}
    lines |= {f"source {place}": _with_note(source) for place, source in enumerate(corpus.sources, 1)}
    if isinstance(text, Provenance):
        lines |= {"text from": text.origin, "size": f"{text.size:,} bytes", "sha256": text.sha256}
    elif text:
        lines["text"] = text
    for key, value in lines.items():
        print_line(_wrapped(value, f"{key:10} "))


def show_bundled(corpus: Corpus) -> None:
    """Say that a corpus ships with charrnn."""
    print_line(f"{corpus.name}: always here ({corpus.sources[0].label}), nothing to fetch")


def show_present(corpus: Corpus, text: Provenance) -> None:
    """Say that a corpus was fetched before."""
    print_line(f"{corpus.name}: already here and verified, {_described(text)}; --force fetches it again")


def show_fetched(corpus: Corpus, text: Provenance) -> None:
    """Say that a corpus was fetched now."""
    print_line(f"{corpus.name}: fetched {_described(text)}, to {local_path(corpus)}")


def show_verified(corpus: Corpus, text: Provenance | str) -> None:
    """Say that a text is correct, or what is wrong with it; the latter message names the corpus itself."""
    print_line(text if isinstance(text, str) else f"{corpus.name}: correct, sha256 {text.sha256}")


def _wrapped(text: str, title: str = "") -> str:
    """Wrap a text to the width of the terminal; names of files and addresses stay whole."""
    width = shutil.get_terminal_size((WIDTH_OF_A_FILE, 0)).columns
    return textwrap.fill(
        text,
        width,
        initial_indent=title,
        subsequent_indent=" " * len(title),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _with_note(source: CorpusSource) -> str:
    return f"{source.label} ({source.note})" if source.note else source.label


def _described(text: Provenance) -> str:
    note = f" ({text.note})" if text.note else ""
    return f"{text.size:,} bytes from {text.origin}{note}"
