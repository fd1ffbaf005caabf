"""From what a user asked for to a trainer: settings, text, run folder, device, first weights."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from charrnn import catalogue, checkpoint, presets
from charrnn.arrays import Flat
from charrnn.backend import Backend, open_backend
from charrnn.budget import Budget
from charrnn.checkpoint import Checkpoint
from charrnn.commands import command
from charrnn.config import BUDGETS, LISTS, SETTINGS, Config, resolve
from charrnn.corpus.batches import fit_batch_size
from charrnn.corpus.kind import is_list
from charrnn.corpus.ramp import Ramp
from charrnn.corpus.source import Source, from_path, from_stdin, sha256_of
from charrnn.corpus.tokenizer import Vocabulary
from charrnn.corpus.tokens import Tokens, encode_corpus, load_tokens
from charrnn.errors import CharrnnError, ConfigError, CorpusError
from charrnn.events import Event, Notice, Started
from charrnn.kernels import Choice, build
from charrnn.model import load_parameters
from charrnn.network import Shape, initial_parameters
from charrnn.runs import RUNS, Run, find_run, load_model
from charrnn.train import Setup, Trainer

COMMAND_LINE = "command line"
_FRACTIONS = ("val_fraction", "test_fraction")
_NOTHING: Mapping[str, Any] = MappingProxyType({})
Reading = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """A train command. `settings` are those given on the command line, by name.

    Without `preset`, `config_file` and `init_from`, the preset that suits the text is chosen; 'none' is none.
    """

    corpus: str | None
    settings: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None
    config_file: Path | None = None
    device: str = "auto"
    kernel: str = "auto"
    threads: int | None = None
    run: str | None = None
    force: bool = False
    resume: bool = False
    init_from: str | None = None


@dataclass
class Session:
    """A trainer's setup, and what there is to tell before it starts. `moved` is where --force moved another run."""

    setup: Setup
    started: Started
    notices: list[Notice]
    moved: Path | None = None

    def run(self, interrupted: Callable[[], bool]) -> Iterator[Event]:
        """All events: what was noticed, then the training.

        If it fails before anything is saved, as a GPU's memory does at the first step, a run that was moved aside is
        put back.
        """
        run = self.setup.run
        try:
            trainer = Trainer(self.setup, interrupted)
            yield from (*self.notices, self.started)
            yield from trainer.run()
        except (CharrnnError, MemoryError, OSError, RuntimeError):
            if self.moved and not run.last.is_file():
                run.discard(self.setup.lock, self.moved)
                yield Notice(f"the run that was there before is {run.folder} again")
            raise


def prepare(request: Request, reading: Reading | None = None) -> Session:
    """All that comes before the first step; `reading` is told the bytes done and to do while the text is encoded.

    Raises:
        CharrnnError: whatever is wrong with the request.
    """
    backend = open_backend(request.device)
    return (_resume if request.resume else _begin)(request, backend, reading)


def _begin(request: Request, backend: Backend, reading: Reading | None) -> Session:
    """A new run, with fresh weights or those of another run."""
    if request.corpus is None:
        raise ConfigError("name a text to learn: charrnn train CORPUS (a file, a folder, -, or one of charrnn corpora)")
    if _glob(request) != Config.glob and not Path(request.corpus).is_dir():
        raise ConfigError(f"--glob chooses among the files of a folder, and {request.corpus} is none; leave it out")
    base = load_model(request.init_from) if request.init_from else None
    source = None if request.corpus == "-" else open_corpus(request.corpus, _glob(request), reading)
    config, _ = _settings(request, request.preset, base)  # what is wrong is said before anything is moved or read
    choice = build(backend, request.kernel, request.threads, config.precision)
    run = Run(Path(request.run) if request.run else RUNS / (source.name if source else "stdin"))
    moved = run.create(force=request.force)
    lock = run.lock()
    notices = [Notice(f"the run that was there is now {moved}")] if moved else []
    try:
        source = source or from_stdin(sys.stdin.buffer, run.folder)
        preset = request.preset or _choose_preset(source, request, backend, notices)
        precision = config.precision
        held_out = _parents_split(base[0], source) if base else {}
        config, origins = _settings(request, preset, base, held_out)
        _warn_of_leak(config, held_out, request, notices)
        if config.precision != precision:  # the preset that was chosen wants another
            choice = build(backend, request.kernel, request.threads, config.precision)
        vocabulary = Vocabulary.from_dict(base[0].vocabulary) if base else None
        tokens = encode_corpus(source, config, run.folder, base=vocabulary, progress=reading)
        config = _fit(config, tokens, notices)
        shape = Shape.of(config, tokens.vocabulary.size)
        params = initial_parameters(shape, backend, np.random.default_rng(config.seed))
        if base:
            params = _extend(base, shape, params, backend)
        run.write_config(config, origins)
    except BaseException:  # Ctrl-C and too little memory as well
        run.discard(lock, moved)
        raise
    corpus = {"argument": request.corpus, "description": source.description, "sha256": tokens.sha256,
              "size": tokens.size, "train_chars": len(tokens.train), "val_chars": len(tokens.val)}  # fmt: skip
    description = {"origins": origins, "preset": preset, "corpus": corpus}
    setup = Setup(config, tokens, run, backend, choice.kernels, params, description, lock=lock)
    return _session(setup, choice, notices, moved)


def _resume(request: Request, backend: Backend, reading: Reading | None) -> Session:
    """Go on where the last checkpoint of a run stands."""
    if request.preset or request.config_file or request.init_from or request.force:
        raise ConfigError("--resume goes on with the run's own settings; leave out --preset, --config, --init-from "
                          "and --force")  # fmt: skip
    run = _run_to_resume(request)
    lock = run.lock()
    saved = checkpoint.load(run.last)
    config, origins = _changed(saved, request.settings)
    choice = build(backend, request.kernel, request.threads, config.precision)
    vocabulary = Vocabulary.from_dict(saved.vocabulary)
    tokens = load_tokens(run.folder, vocabulary)
    if tokens is None or tokens.sha256 != saved.corpus["sha256"]:
        tokens = _read_again(request, saved, config, run, vocabulary, reading)
    elif request.corpus not in (None, "-", saved.corpus["argument"]) and not _names_run(request.corpus):
        source = open_corpus(request.corpus, config.glob, reading)
        _check_same(source, sha256_of(source), saved, run)
    shape = Shape.of(config, vocabulary.size)
    params = load_parameters(shape, backend, saved.weights, run.last)
    _check_budget(config, tokens, saved, run)
    run.forget_metrics_after(saved.progress.step)
    run.write_config(config, origins)
    description = {"origins": origins, "preset": saved.preset, "corpus": saved.corpus}
    setup = Setup(config, tokens, run, backend, choice.kernels, params, description, saved, lock)
    return _session(setup, choice, [])


def open_corpus(name: str, glob: str, reading: Reading | None = None) -> Source:
    """The text called `name`: a file or folder if there is one, else a corpus of the catalogue, fetched if need be.

    Raises:
        CorpusError: there is neither.
    """
    if Path(name).exists():
        return from_path(Path(name), glob=glob)
    if os.sep in name or "." in name:  # a path, not a name: no corpus is called so
        raise CorpusError(f"there is no file or folder {name!r}; charrnn corpora list shows texts to begin with")
    return catalogue.open_corpus(name, progress=reading)


def _choose_preset(source: Source, request: Request, backend: Backend, notices: list[Notice]) -> str | None:
    """The preset that suits the text and the time, which is said; None where settings come from elsewhere."""
    if request.config_file or request.init_from:
        return None
    preset, why = presets.choose(source.size, is_list=is_list(source), gpu=backend.device != "cpu",
                                 settings=request.settings)  # fmt: skip
    tuned = presets.load_preset(preset).get("cell", Config.cell)
    wanted = request.settings.get("cell", tuned)
    if wanted not in presets.GATED:  # rates that a gate stands are too high for it
        notices.append(Notice(f"no preset, as {preset} is made for gated cells and not for {wanted}; --preset NAME is "
                              "one"))  # fmt: skip
        return None
    found = f" (its learning rate was found with {tuned})" if wanted != tuned else ""
    notices.append(Notice(f"preset {preset}{found}, for {why}; --preset NAME is another, --preset none is none"))
    return preset


def _glob(request: Request) -> str:
    return request.settings.get("glob", Config.glob)


def _parents_split(saved: Checkpoint, source: Source) -> dict[str, Any]:
    """What decides which part of its text `saved` did not learn, if `source` is that text; else nothing."""
    if source.size != saved.corpus["size"] or sha256_of(source) != saved.corpus["sha256"]:
        return {}
    names = ["split", *_FRACTIONS, "encoding", "errors", "newlines"]
    if saved.config["split"] in LISTS:  # lines are drawn
        names.append("seed")
    if saved.config["split"] == "interleaved":
        names.append("batch_size")
    return {name: saved.config[name] for name in names}


def _warn_of_leak(config: Config, held_out: dict[str, Any], request: Request, notices: list[Notice]) -> None:
    """Say so where another part of the text is held out than the run did that the weights are from."""
    others = [name for name, value in held_out.items() if getattr(config, name) != value]
    if set(others) <= set(_FRACTIONS):  # a smaller part lies within a larger one
        others = others if sum(getattr(config, name) - held_out[name] for name in others) > 0 else []
    if others:
        theirs = " and ".join(f"{name} {held_out[name]}" for name in others)
        notices.append(Notice(f"{request.init_from} learned this text with {theirs}: it may have learned part of what "
                              "is held out here"))  # fmt: skip


def _settings(
    request: Request, preset: str | None, base: tuple[Checkpoint, Path] | None, held_out: Mapping[str, Any] = _NOTHING
) -> tuple[Config, dict[str, str]]:
    """The settings, and where each is from; `held_out` are those of `base` that stand below what is asked for."""
    sources: list[tuple[str, dict[str, Any]]] = []
    fixed: dict[str, Any] = {}
    if base:
        saved, path = base
        fixed = {name: value for name, value in saved.config.items() if SETTINGS[name].group == "Model"}
        fixed["bytes"] = saved.config["bytes"]
        sources.append((f"run {path.parent.name}", fixed | dict(held_out)))
    if preset:
        sources.append((f"preset {preset}", presets.load_preset(preset)))
    if request.config_file:
        sources.append((str(request.config_file), presets.load_file(request.config_file)))
    config, origins = resolve(*sources, (COMMAND_LINE, request.settings))
    for name, value in fixed.items():
        if getattr(config, name) != value:
            raise ConfigError(f"{name} is {value} in {sources[0][0]}, not {getattr(config, name)}; leave it out")
    return config, origins


def _fit(config: Config, tokens: Tokens, notices: list[Notice]) -> Config:
    notices += [Notice(text) for text in tokens.notices]
    batch_size = fit_batch_size(len(tokens.train), config.batch_size, config.seq_len)
    if batch_size == config.batch_size:
        return config
    notices.append(Notice(f"batch_size is {batch_size}, not {config.batch_size}: the text has only "
                          f"{len(tokens.train)} characters to learn from"))  # fmt: skip
    return config.replace(batch_size=batch_size)


def _extend(base: tuple[Checkpoint, Path], shape: Shape, fresh: Flat, backend: Backend) -> Flat:
    """The weights of `base`; characters that it did not know keep the fresh ones."""
    saved, path = base
    known = Vocabulary.from_dict(saved.vocabulary).size
    old = load_parameters(Shape.of(Config(**saved.config), known), backend, saved.weights, path)
    for name, weight in old.items():
        fresh[name][tuple(slice(length) for length in weight.shape)] = weight
    return fresh


def _run_to_resume(request: Request) -> Run:
    if request.run:
        return find_run(request.run)
    if request.corpus is None or _names_run(request.corpus):
        return find_run(request.corpus)
    if request.corpus == "-":
        return find_run(str(RUNS / "stdin"))
    return find_run(str(RUNS / open_corpus(request.corpus, _glob(request)).name))


def _names_run(corpus: str) -> bool:
    """Whether what stands in the place of a text is a run: people type `train --resume NAME`."""
    return any(Run(folder).last.is_file() for folder in (Path(corpus), RUNS / corpus))


def _changed(saved: Checkpoint, settings: dict[str, Any]) -> tuple[Config, dict[str, str]]:
    config = Config(**saved.config)
    changed = config.replace(**settings)
    for name in settings:
        if SETTINGS[name].frozen and getattr(changed, name) != getattr(config, name):
            raise ConfigError(f"{name} is {getattr(config, name)} in this run and cannot change; start another with "
                              "--run DIR")  # fmt: skip
    origins = saved.origins | dict.fromkeys(settings, COMMAND_LINE)
    return changed, {name: source for name, source in origins.items() if getattr(changed, name) is not None}


def _check_budget(config: Config, tokens: Tokens, saved: Checkpoint, run: Run) -> None:
    """Another budget that is used up already would train nothing, and the run would say that it was its own."""
    budget, progress = _budget(config, tokens), saved.progress
    seconds = run.seconds(progress)
    if all(getattr(config, name) == saved.config[name] for name in BUDGETS):
        return
    if budget.progress(progress.step, seconds) == 1:
        there = f"is at step {progress.step}" if budget.steps else f"trained for {seconds / 60:.3g} minutes"
        raise ConfigError(f"nothing is left of {budget.text}: {run.folder} {there}; give it more, or nothing of the "
                          "kind to go on as before")  # fmt: skip


def _budget(config: Config, tokens: Tokens) -> Budget:
    return Budget.of(config, Ramp(config, tokens.train, tokens.vocabulary.newline).per_epoch)


def _read_again(
    request: Request, saved: Checkpoint, config: Config, run: Run, vocabulary: Vocabulary, reading: Reading | None
) -> Tokens:
    argument = request.corpus or saved.corpus["argument"]
    if argument == "-":
        raise CorpusError(f"the text in {run.folder} is gone, and it came from standard input; it cannot be resumed")
    source = open_corpus(argument, config.glob, reading)
    tokens = encode_corpus(source, config, run.folder, base=vocabulary, progress=reading)
    _check_same(source, tokens.sha256, saved, run)
    return tokens


def _check_same(source: Source, sha256: str, saved: Checkpoint, run: Run) -> None:
    if sha256 != saved.corpus["sha256"]:
        further = command("train", "CORPUS", "--init-from", run.folder)
        raise CorpusError(f"{source.description} is not the text that this run learned from: its sha256 is "
                          f"{sha256[:16]}…, not {saved.corpus['sha256'][:16]}…; {further} trains further on "
                          "another text")  # fmt: skip


def _session(setup: Setup, choice: Choice, notices: list[Notice], moved: Path | None = None) -> Session:
    config, tokens = setup.config, setup.tokens
    shape = Shape.of(config, tokens.vocabulary.size)
    budget = _budget(config, tokens)
    done = setup.resume.progress if setup.resume else None
    if done and budget.progress(done.step, done.seconds) == 1:
        notices.append(Notice(f"nothing is left of {budget.text} at step {done.step}; more --epochs, --steps or "
                              "--minutes train on"))  # fmt: skip
    started = Started(
        run=setup.run.folder,
        corpus=setup.description["corpus"]["description"],
        train_chars=len(tokens.train),
        val_chars=len(tokens.val),
        vocab_size=tokens.vocabulary.size,
        bytes=config.bytes,
        model=str(shape),
        parameters=shape.size,
        device=setup.backend.description,
        kernel=choice.kernels.name,
        precision=choice.kernels.precision,
        why_not_faster="; ".join(choice.refusals) or None,
        budget=budget.text,
        preset=setup.description["preset"],
        resumed_step=done.step if done else None,
    )
    return Session(setup, started, notices, moved)
