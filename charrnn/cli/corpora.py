"""charrnn corpora: the texts that are known by name."""

import json
import shutil
import textwrap
from dataclasses import asdict
from typing import Any

import click

from charrnn.catalogue import fetch_corpus, find_corpus, is_here, list_corpora, local_path, verify_corpus
from charrnn.catalogue.entry import Corpus
from charrnn.catalogue.fetch import Provenance
from charrnn.catalogue.sources import CorpusSource
from charrnn.cli.completion import complete_corpora
from charrnn.cli.options import json_option
from charrnn.cli.progress import progress_bar
from charrnn.errors import CorpusError

WIDTH_OF_A_FILE = 100


@click.group()
def corpora() -> None:
    """List, fetch and verify texts to learn from.

    A corpus that is not here yet is also fetched by `charrnn train NAME`.

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
    found = list_corpora()
    if as_json:
        _print_json([_summary(corpus) for corpus in found])
        return
    rows = [("NAME", "STATE", "TITLE")]
    rows += [(corpus.name, _state(corpus), corpus.title) for corpus in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@corpora.command()
@click.argument("name", shell_complete=complete_corpora)
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what a corpus is, its licence, where it comes from and where it lies.

    \b
    Examples:
      charrnn corpora show names
      charrnn corpora show linux --json
    """
    corpus = find_corpus(name)
    text = _verified(corpus) if is_here(corpus) else None
    sources = [{"label": source.label} | asdict(source) for source in corpus.sources]
    if as_json:
        details = {"description": corpus.description, "licence": corpus.licence, "text": text, "sources": sources}
        _print_json(_summary(corpus) | details)
        return
    click.echo(f"{corpus.name}: {corpus.title}")
    click.echo(_wrapped(corpus.description))
    lines = {"licence": corpus.licence, "state": _state(corpus), "path": local_path(corpus)}
    lines |= {f"source {place}": _with_note(source) for place, source in enumerate(corpus.sources, 1)}
    if text and text["ok"]:
        lines |= {"text from": text["origin"], "size": f"{text['size']:,} bytes", "sha256": text["sha256"]}
    elif text:
        lines["text"] = text["error"]
    for key, value in lines.items():
        click.echo(_wrapped(str(value), f"{key:10} "))


@corpora.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_corpora)
@click.option("--force", is_flag=True, help="Fetch again what is here already.")
def fetch(names: tuple[str, ...], force: bool) -> None:
    """Fetch corpora, and check their bytes.

    \b
    Examples:
      charrnn corpora fetch shakespeare
      charrnn corpora fetch --force shakespeare linux
    """
    for corpus in [find_corpus(name) for name in names]:
        if corpus.offline:
            click.echo(f"{corpus.name}: always here ({corpus.sources[0].label}), nothing to fetch")
        elif is_here(corpus) and not force:
            text = verify_corpus(corpus)
            click.echo(f"{corpus.name}: already here and verified, {_described(text)}; --force fetches it again")
        else:
            with progress_bar(f"fetching {corpus.name}") as progress:
                text = fetch_corpus(corpus, progress=progress)
            click.echo(f"{corpus.name}: fetched {_described(text)}, to {local_path(corpus)}")


@corpora.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_corpora)
@json_option
@click.pass_context
def verify(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Compare the corpora that are here with what they should be; exit code 1 if one differs.

    \b
    Examples:
      charrnn corpora verify
      charrnn corpora verify shakespeare --json
    """
    chosen = [find_corpus(name) for name in names] or [corpus for corpus in list_corpora() if is_here(corpus)]
    results = [_verified(corpus) for corpus in chosen]
    if as_json:
        _print_json(results)
    else:
        for result in results:
            # an error names the corpus itself
            click.echo(f"{result['name']}: right, sha256 {result['sha256']}" if result["ok"] else result["error"])
    ctx.exit(0 if all(result["ok"] for result in results) else 1)


def _summary(corpus: Corpus) -> dict[str, Any]:
    return {"name": corpus.name, "title": corpus.title, "state": _state(corpus), "path": str(local_path(corpus))}


def _state(corpus: Corpus) -> str:
    if corpus.offline:
        return "always here"
    return "here" if is_here(corpus) else "not fetched"


def _wrapped(text: str, title: str = "") -> str:
    """As wide as the terminal; names of files and addresses stay whole."""
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


def _verified(corpus: Corpus) -> dict[str, Any]:
    try:
        text = verify_corpus(corpus)
    except CorpusError as error:  # the others are to be looked at all the same
        return {"name": corpus.name, "ok": False, "error": str(error)}
    return {"name": corpus.name, "ok": True} | asdict(text)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


command = corpora
