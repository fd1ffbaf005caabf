"""A run that continues from its last checkpoint."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from charrnn.config import BUDGETS, SETTINGS, Config
from charrnn.device.backend import Backend
from charrnn.errors import ConfigError, CorpusError, OptionError, SettingError
from charrnn.hints import OnProgress, command
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.find import find_run
from charrnn.runs.model import load_parameters
from charrnn.runs.recover import recover
from charrnn.runs.run import RUNS, Run
from charrnn.runs.run import STDIN as KEPT_STDIN
from charrnn.session.ready import Session, budget_of, ready
from charrnn.session.request import COMMAND_LINE, STDIN, TrainRequest, names_of, open_corpus
from charrnn.text.characters.escapes import spelled
from charrnn.text.files.formats import plain_size
from charrnn.text.files.own_parts import PARTS
from charrnn.text.files.source import Source, kept_stdin
from charrnn.text.reading.reader import sha256_of
from charrnn.text.tokens import IDS, Tokens, encode_corpus, load_tokens
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.budget import StepBudget
from charrnn.training.events import Notice
from charrnn.training.memory import require_memory
from charrnn.training.setup import Setup


def resume(request: TrainRequest, backend: Backend, reading: OnProgress | None) -> Session:
    """The session of an existing run, with its own settings except those that were given and may change."""
    if request.preset or request.config_file or request.init_from or request.force:
        raise OptionError(
            "--resume continues with the run's own settings; leave out --preset, --config, --init-from and --force"
        )
    if request.kind:
        raise OptionError(
            f"--as {request.kind} is decided when a run begins; leave it out, or start another run with --run DIR"
        )
    run = _run_to_resume(request)
    lock = run.lock()
    found = recover(run)
    saved = found.checkpoint
    config, given_by = _changed(saved, request.settings)
    choice = build(backend, request.kernel, request.threads, config.precision)
    vocabulary = Vocabulary.from_dict(saved.vocabulary)
    tokens = load_tokens(run.folder, vocabulary)
    notices = [*map(Notice, found.notices)]
    if tokens is None or tokens.sha256 != saved.corpus.sha256:
        damaged = (run.folder / IDS).exists()
        tokens = _read_again(request, saved, config, run, vocabulary, reading)
        if damaged:
            notices.append(Notice(f"the encoded text in {run.folder} was damaged; it is encoded again from its source"))
    elif names := _names_to_check(request, saved):
        source = open_corpus(names, config, reading)
        _check_same(source, sha256_of(source), saved, run)
    shape = Shape.of(config, vocabulary.size)
    require_memory(config, shape, len(tokens.val), backend)
    params = load_parameters(shape, backend, saved.weights)
    _check_budget(config, tokens, saved, run)
    if "learning_rate" in request.settings:  # a new rate is not halved for the divergence of an older one
        saved.progress.rollbacks = []
    run.forget_metrics_after(saved.progress)
    run.write_config(config, given_by)
    setup = Setup(
        config=config,
        given_by=given_by,
        preset=saved.preset,
        text=saved.corpus,
        tokens=tokens,
        run=run,
        backend=backend,
        kernels=choice.kernels,
        params=params,
        resume=saved,
        lock=lock,
    )
    return ready(setup, choice, [*notices, *_notices(request, saved, run)])


def _notices(request: TrainRequest, saved: Checkpoint, run: Run) -> Iterator[Notice]:
    texts = names_of(saved.corpus.argument)
    names = [*texts, *(name for part in PARTS if (name := saved.config[part]) and name not in texts)]
    if not request.corpus and _changed_size([Path(name) for name in names], saved.corpus.size):
        have = "has" if len(names) == 1 else "have"
        yield Notice(f"{' '.join(names)} {have} changed; this run continues with the text that it began with")
    for name, value in request.settings.items():
        if value != saved.config[name]:
            yield Notice(f"{name} changes from {_shown(saved.config[name])} to {_shown(value)}")
    if saved.progress.ended == "early stop":
        yield Notice(f"{run.folder} had stopped early, and will stop again unless --patience is larger, or 0")


def _shown(value: Any) -> str:
    if isinstance(value, str) and not value.isprintable():
        return spelled(value)
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _changed_size(files: list[Path], size: int) -> bool:
    """Whether all files exist but do not add up to this size; compressed ones would take too long to read."""
    if not all(file.is_file() for file in files):
        return False
    with suppress(CorpusError):
        sizes = [plain_size(file) for file in files]
        return None not in sizes and sum(filter(None, sizes)) != size
    return False


def _run_to_resume(request: TrainRequest) -> Run:
    if request.run:
        return find_run(request.run)
    if not request.corpus or _names_run(request.corpus):
        return find_run(request.corpus[0] if request.corpus else None)
    if request.corpus == STDIN:
        return find_run(str(RUNS / "stdin"))
    return find_run(str(RUNS / open_corpus(request.corpus, Config(glob=request.glob, bytes=True)).name))


def _names_run(names: tuple[str, ...]) -> bool:
    """Whether the argument for a text is the name of a run: people type `train --resume NAME`."""
    return len(names) == 1 and any(Run(folder).has_checkpoint for folder in (Path(names[0]), RUNS / names[0]))


def _names_to_check(request: TrainRequest, saved: Checkpoint) -> tuple[str, ...]:
    """The texts to compare with that of the run: those that the request names, or all if it names a part."""
    if request.corpus not in ((), STDIN) and not _names_run(request.corpus):
        return request.corpus
    return names_of(saved.corpus.argument) if any(part in request.settings for part in PARTS) else ()


def _changed(saved: Checkpoint, settings: dict[str, Any]) -> tuple[Config, dict[str, str]]:
    """The run's settings with `settings`, and where each came from; its files may have moved."""
    config = Config(**saved.config)
    changed = config.replace(**settings)
    for name in settings:
        if SETTINGS[name].frozen and name not in PARTS and getattr(changed, name) != getattr(config, name):
            raise SettingError(
                f"{name} is {_shown(getattr(config, name))} in this run and cannot change; leave it out, or start "
                "another run with --run DIR",
                name,
            )
    given_by = saved.given_by | dict.fromkeys(settings, COMMAND_LINE)
    return changed, {name: source for name, source in given_by.items() if getattr(changed, name) is not None}


def _check_budget(config: Config, tokens: Tokens, saved: Checkpoint, run: Run) -> None:
    """Refuse a new budget that is used up already: the run would train nothing and record it as its own."""
    budget, progress = budget_of(config, tokens), saved.progress
    seconds = run.seconds(progress)
    if all(getattr(config, name) == saved.config[name] for name in BUDGETS):
        return
    if budget.progress(progress.step, seconds) == 1:
        by_steps = isinstance(budget, StepBudget)
        there = f"is at step {progress.step}" if by_steps else f"trained for {seconds / 60:.3g} minutes"
        raise ConfigError(
            f"the budget of {budget.text} is used up already: {run.folder} {there}; give a larger one, or none to keep "
            "the run's own"
        )


def _read_again(
    request: TrainRequest,
    saved: Checkpoint,
    config: Config,
    run: Run,
    vocabulary: Vocabulary,
    reading: OnProgress | None,
) -> Tokens:
    """The text, encoded again from where it came from or where it is now."""
    names, kept = request.corpus or names_of(saved.corpus.argument), run.folder / KEPT_STDIN
    if names == STDIN and not kept.is_file():
        raise CorpusError(
            f"the text in {run.folder} is gone or damaged, and it came from standard input; the run cannot be resumed"
        )
    try:
        source = kept_stdin(kept) if names == STDIN else open_corpus(names, config, reading)
    except CorpusError as error:
        if request.corpus:
            raise
        again = command("train", "CORPUS", "--resume", "--run", run.folder)
        raise CorpusError(f"{error}; if the text of this run has moved, name it: {again}") from None
    tokens = encode_corpus(source, config, run.folder, base=vocabulary, progress=reading)
    _check_same(source, tokens.sha256, saved, run)
    return tokens


def _check_same(source: Source, sha256: str, saved: Checkpoint, run: Run) -> None:
    """Refuse a text that is not the run's own."""
    if sha256 != saved.corpus.sha256:
        further = command("train", "CORPUS", "--init-from", run.folder)
        raise CorpusError(
            f"{source.description} is not the text that this run learned from: its sha256 is {sha256[:16]}…, not "
            f"{saved.corpus.sha256[:16]}…; {further} continues with another text"
        )
