"""Completion of names in a shell.

The code that lists names is imported only when the shell asks for them, so that commands start faster.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from charrnn.errors import CharrnnError

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names(listed: Callable[[], Iterable[str]]) -> Completer:
    """Complete the names that `listed` returns; complete none if it fails, because a shell has no use for errors."""

    def complete(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(name) for name in listed() if name.startswith(incomplete)]
        except (CharrnnError, OSError):
            return []

    return complete


def names_or_files(listed: Callable[[], Iterable[str]]) -> Completer:
    """Complete the names that `listed` returns, and the names of files."""
    complete_names, complete_files = names(listed), names(_files_here)

    def complete(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
        known = complete_names(ctx, option, incomplete)
        if not known:
            return [CompletionItem(incomplete, type="file")]  # the shell completes paths folder by folder
        return known + complete_files(ctx, option, incomplete)

    return complete


def _files_here() -> list[str]:
    return sorted(path.name for path in Path().iterdir() if not path.name.startswith("."))


def _runs() -> Iterable[str]:
    from charrnn.runs.find import list_runs

    return [run.folder.name for run in list_runs()]


def _corpora() -> Iterable[str]:
    from charrnn.catalogue import list_corpora

    return [corpus.name for corpus in list_corpora()]


def _presets() -> Iterable[str]:
    from charrnn import presets

    return presets.names()


def _sweeps() -> Iterable[str]:
    from charrnn.search.plan import sweep_names

    return sweep_names()


complete_runs = names_or_files(_runs)
complete_texts = names_or_files(_corpora)
complete_corpora = names(_corpora)
complete_presets = names(_presets)
complete_sweeps = names_or_files(_sweeps)
