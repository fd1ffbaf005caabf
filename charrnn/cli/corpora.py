"""charrnn corpora: the texts that are known by name."""

import json
from dataclasses import asdict
from typing import Any

import click

from charrnn.catalogue import fetch_corpus, find_corpus, is_here, list_corpora, local_path, verify_corpus
from charrnn.catalogue.entry import Corpus
from charrnn.catalogue.fetch import Provenance
from charrnn.cli.completion import complete_corpora
from charrnn.cli.options import json_option
from charrnn.cli.progress import progress_bar
from charrnn.errors import CorpusError
from charrnn.view.corpora import (
    show_bundled,
    show_corpora,
    show_corpus,
    show_fetched,
    show_present,
    show_verified,
    state,
)
from charrnn.view.terminal import note


@click.group()
def corpora() -> None:
    """List, fetch and verify texts to learn from.

    `charrnn train NAME` fetches a corpus by itself if it is not on this machine yet.

    \b
    Examples:
      charrnn corpora list
      charrnn corpora show shakespeare
      charrnn corpora fetch shakespeare linux
      charrnn corpora verify
    """


@corpora.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all corpora, and which of them are on this machine.

    \b
    Examples:
      charrnn corpora list
      charrnn corpora list --json
    """
    if as_json:
        _print_json([_summary(corpus) for corpus in list_corpora()])
    else:
        show_corpora(list_corpora())


@corpora.command()
@click.argument("name", shell_complete=complete_corpora)
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a corpus: its title and description, its licence, its sources, and where it is stored.

    \b
    Examples:
      charrnn corpora show names
      charrnn corpora show linux --json
    """
    corpus = find_corpus(name)
    text = _verify(corpus) if is_here(corpus) else None
    if not as_json:
        show_corpus(corpus, text)
        return
    sources = [{"label": source.label} | asdict(source) for source in corpus.sources]
    _print_json(
        _summary(corpus)
        | {
            "description": corpus.description,
            "licence": corpus.licence,
            "text": None if text is None else _result(corpus, text),
            "sources": sources,
        }
    )


@corpora.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_corpora)
@click.option("--force", is_flag=True, help="Fetch again even if a corpus is already here.")
def fetch(names: tuple[str, ...], force: bool) -> None:
    """Fetch corpora, and check them against their checksums.

    \b
    Examples:
      charrnn corpora fetch shakespeare
      charrnn corpora fetch --force shakespeare linux
    """
    for corpus in [find_corpus(name) for name in names]:
        if corpus.offline:
            show_bundled(corpus)
        elif is_here(corpus) and not force:
            show_present(corpus, verify_corpus(corpus))
        else:
            with progress_bar(f"fetching {corpus.name}") as progress:
                if progress is None:  # without a terminal no bar is shown, and a large text takes a while
                    note(f"fetching {corpus.name}")
                text = fetch_corpus(corpus, progress=progress)
            show_fetched(corpus, text)


@corpora.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_corpora)
@json_option
@click.pass_context
def verify(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Check the corpora on this machine against their checksums; the exit code is 1 if one differs.

    \b
    Examples:
      charrnn corpora verify
      charrnn corpora verify shakespeare --json
    """
    chosen = [find_corpus(name) for name in names] or [corpus for corpus in list_corpora() if is_here(corpus)]
    texts = [(corpus, _verify(corpus)) for corpus in chosen]
    if as_json:
        _print_json([_result(corpus, text) for corpus, text in texts])
    else:
        for corpus, text in texts:
            show_verified(corpus, text)
    ctx.exit(1 if any(isinstance(text, str) for _, text in texts) else 0)


def _verify(corpus: Corpus) -> Provenance | str:
    """The provenance of the text on this machine, or what is wrong with it."""
    try:
        return verify_corpus(corpus)
    except CorpusError as error:  # the others are still checked
        return str(error)


def _result(corpus: Corpus, text: Provenance | str) -> dict[str, Any]:
    if isinstance(text, str):
        return {"name": corpus.name, "ok": False, "error": text}
    return {"name": corpus.name, "ok": True} | asdict(text)


def _summary(corpus: Corpus) -> dict[str, Any]:
    return {"name": corpus.name, "title": corpus.title, "state": state(corpus), "path": str(local_path(corpus))}


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


command = corpora
