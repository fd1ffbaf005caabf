"""Tells what a run would make of a text, without training: everything up to the first step, in a temporary folder."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from charrnn import catalogue
from charrnn.config import LISTS, Config
from charrnn.device.backend import open_backend
from charrnn.errors import CheckpointError, CorpusError, OptionError
from charrnn.files import temporary_folder
from charrnn.hints import OnProgress, command
from charrnn.runs.find import find_run, is_text, runs_in
from charrnn.runs.run import RUNS
from charrnn.session.begin import begin
from charrnn.session.ready import Session
from charrnn.session.request import TrainRequest
from charrnn.text.files.formats import head_of, recognized_encoding
from charrnn.text.files.source import Source
from charrnn.text.tokens import Tokens


@dataclass(frozen=True)
class TextFacts:
    """What charrnn takes a text for, and the run that follows.

    files: their number. size: bytes of their content. encoding: the encodings that the files are read in. characters:
    of all parts. different: those that are distinct. lines: of all parts; a last one without a line feed counts.
    taken_for: text, list or records. val_file: where the validation part comes from, if not
    from a split. order: what becomes of the order of lines or records. train, val, test: characters
    of the parts. notices: what training would say first. The rest is as in `Started`.
    """

    text: str
    files: int
    size: int
    encoding: tuple[str, ...]
    bytes: bool
    characters: int
    different: int
    lines: int
    taken_for: str
    why: str
    order: str
    separator: str
    split: str
    split_given_by: str
    val_file: str
    train: int
    val: int
    test: int
    preset: str | None
    model: str
    parameters: int
    budget: str
    run: str
    notices: tuple[str, ...]


def look(request: TrainRequest, reading: OnProgress | None = None) -> TextFacts:
    """Decide what `charrnn train` would decide, and tell; nothing is kept, and an existing run is left alone.

    Raises:
        CharrnnError: something is wrong with the request.
    """
    if request.resume:
        raise OptionError("--dry-run shows what a new run would be, and --resume continues an old one; leave one out")
    with temporary_folder() as folder:
        there = replace(request, run=str(folder / "run"), force=False)
        session = begin(there, open_backend(request.device), reading)
        try:
            return _facts(request, session)
        finally:
            if session.setup.lock:
                session.setup.lock.release()


def names_text(name: str) -> bool:
    """Whether `name` is a text rather than a run; a run comes first if there are both.

    Raises:
        CorpusError: it is a corpus that was not fetched yet.
        CheckpointError: it is neither.
    """
    path = Path(name)
    if path.is_file():
        return is_text(path)
    try:
        find_run(name)
    except CheckpointError as error:
        if path.is_dir() and not runs_in(path):
            return True
        corpus = next((corpus for corpus in catalogue.list_corpora() if corpus.name == name), None)
        if corpus is None:
            raise CheckpointError(f"{error}; nor is it a text here, or one of charrnn corpora list") from None
        if not catalogue.is_here(corpus):
            raise CorpusError(
                f"the text {name} is not here yet; fetch it: {command('corpora', 'fetch', name)}"
            ) from None
        return True
    return False


def _facts(request: TrainRequest, session: Session) -> TextFacts:
    setup, started, taken = session.setup, session.started, session.taken
    assert session.source is not None and taken is not None
    config, tokens = setup.config, setup.tokens
    return TextFacts(
        text=setup.text.description,
        files=len(session.source.all_files),
        size=tokens.size,
        encoding=_encodings(session.source, config),
        bytes=config.bytes,
        characters=sum(map(len, tokens.parts)),
        different=tokens.vocabulary.size,
        lines=_count_lines(tokens),
        taken_for=taken.name,
        why=taken.why,
        order=_order(config),
        separator=config.separator,
        split=config.split,
        val_file=config.val,
        split_given_by=setup.given_by.get("split", "default" if config.split == Config.split else "the text"),
        train=len(tokens.parts.train),
        val=len(tokens.parts.val),
        test=len(tokens.parts.test),
        preset=setup.preset,
        model=started.model,
        parameters=started.parameters,
        budget=started.budget,
        run=str(request.run or RUNS / session.source.name),
        notices=tuple(notice.text for notice in session.notices),
    )


def _encodings(source: Source, config: Config) -> tuple[str, ...]:
    if config.bytes:
        return ()
    found = (config.encoding.lower() == "utf-8" and recognized_encoding(head_of(file)) for file in source.all_files)
    return tuple(sorted({encoding or config.encoding for encoding in found}))


def _count_lines(tokens: Tokens) -> int:
    newline = tokens.vocabulary.newline
    parts = [part for part in tokens.parts if len(part)]
    if newline is None:
        return 1
    ended = sum(int(np.count_nonzero(part == newline)) for part in parts)
    return ended + int(parts[-1][-1] != newline)


def _order(config: Config) -> str:
    unit = "records" if config.separator else "lines"
    return f"{unit} are shuffled, their order is lost" if config.split in LISTS else "kept"
