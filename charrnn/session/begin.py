"""A new run, with fresh weights or those of another run.

Each step (settings, text, weights) returns its result and the notices about it.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from charrnn import presets
from charrnn.cells.registry import CELLS
from charrnn.config import Config, resolve
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend
from charrnn.errors import ConfigError, SettingError
from charrnn.hints import OnProgress, counted
from charrnn.kernels.choice import Choice, build
from charrnn.kernels.protocol import MASK_LEVELS
from charrnn.network.shape import Shape, initial_parameters
from charrnn.runs.checkpoint import TextRecord
from charrnn.runs.new import NewRun
from charrnn.runs.run import RUNS, Run
from charrnn.session import held_out
from charrnn.session.kind import Taken, settle, taken
from charrnn.session.parent import Parent
from charrnn.session.ready import Session, ready
from charrnn.session.request import STDIN, TrainRequest, argument_of, open_texts
from charrnn.text.about.kind import Kind, kind_of
from charrnn.text.files.own_parts import PARTS
from charrnn.text.files.source import Source, from_stdin
from charrnn.text.reading.reader import sha256_of
from charrnn.text.reading.separator import understood
from charrnn.text.streams.batches import fit_batch_size
from charrnn.text.tokens import Tokens, encode_corpus
from charrnn.training.events import Notice
from charrnn.training.memory import require_memory
from charrnn.training.setup import Setup

OF_CHARACTERS = ("encoding", "errors", "normalize", "vocab_min")  # settings without effect on bytes
GPU = "gpu"  # the preset
LITTLE_TO_LEARN = 1000  # characters
LITTLE_HELD_OUT = 20  # characters; fewer say nothing about a model
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class _Plan:
    """The decisions that are made before anything is moved or written."""

    config: Config
    given_by: dict[str, str]
    preset: str | None
    choice: Choice
    notices: list[Notice]
    source: Source | None  # with its parts
    taken: Taken | None


def begin(request: TrainRequest, backend: Backend, reading: OnProgress | None) -> Session:
    """The session of a new run; a run that was in its folder is kept aside, and put back if anything goes wrong."""
    if not request.corpus:
        raise ConfigError("name a text to learn: charrnn train CORPUS (a file, a folder, -, or one of charrnn corpora)")
    folders = [*request.corpus, *(request.settings.get(part, "") for part in PARTS)]
    if request.glob != Config.glob and not any(name and Path(name).is_dir() for name in folders):
        texts = " ".join(request.corpus)
        raise ConfigError(f"--glob selects files of a folder, and {texts} is not a folder; leave it out")
    parent = Parent.open(request.init_from) if request.init_from else None
    asked, _ = _settings(request, request.preset, parent)  # for reading the text, which may suggest a preset
    source = None if request.corpus == STDIN else open_texts(request.corpus, asked, reading)
    plan = _plan(request, parent, source, backend, asked)
    run = Run(Path(request.run) if request.run else RUNS / (source.name if source else "stdin"))
    with NewRun.open(run, force=request.force) as new:
        if source is None:  # standard input is kept in the folder of the run; its preset is known only now
            source = from_stdin(sys.stdin.buffer, run.folder, reading)
            plan = _plan(request, parent, source, backend, asked)
        source = plan.source or source
        known = parent.vocabulary if parent else None
        tokens = encode_corpus(source, plan.config, run.folder, base=known, progress=reading)
        held_out.check(tokens, plan.config)
        config, shrunk = _fit(plan.config, tokens)
        require_memory(config, Shape.of(config, tokens.vocabulary.size), len(tokens.val), backend)
        params, inherited = _first_weights(config, tokens, parent, backend)
        new.forget_metrics()
        run.write_config(config, plan.given_by)
        setup = Setup(
            config=config,
            given_by=plan.given_by,
            preset=plan.preset,
            text=_record(request, source, tokens),
            tokens=tokens,
            run=run,
            backend=backend,
            kernels=plan.choice.kernels,
            params=params,
            lock=new.lock,
        )
        notices = [
            *_about_folder(new),
            *plan.notices,
            *map(Notice, tokens.notices),
            *held_out.repeated(tokens, config),
            *shrunk,
            *_remarks(config, tokens),
            *inherited,
        ]
        return replace(ready(setup, plan.choice, notices, new), source=source, taken=plan.taken)


def _about_folder(new: NewRun) -> Iterator[Notice]:
    """Notices about a run that was in the folder, and how many moved aside: they stay until the user removes them."""
    if new.moved:
        older = counted(new.older, "older run") if new.older else ""
        more = f"; {older} beside it {'is' if new.older == 1 else 'are'} kept until you remove them" if older else ""
        yield Notice(f"the run that was there is now {new.moved}{more}")
    if new.replaces:
        yield Notice(f"the run in {new.run.folder} ended before its first checkpoint; it starts anew")


def _plan(
    request: TrainRequest, parent: Parent | None, source: Source | None, backend: Backend, asked: Config
) -> _Plan:
    """Decide on settings and kernels; without `source` no preset is chosen. The text is judged as `asked` reads it.

    Raises:
        CharrnnError: they are invalid, or conflict.
    """
    preset, notices = request.preset, list[Notice]()
    kind = kind_of(source, asked) if source else None
    if source and kind and not (request.preset or request.config_file or request.init_from):
        preset, notices = _choose_preset(source, kind, request, backend)
    split = parent.split(source) if parent and source else {}
    config, given_by = _settings(request, preset, parent, split, source)
    whole, about, said = source, None, list[str]()
    if source and kind:
        config, meant = understood(source, config)
        source, config, parts = held_out.chosen(source, config, given_by)
        about = taken(kind, source, config, given_by, request.kind)
        said = [*about.notices, *meant]
        notices += parts
    leaks = parent.leaks(config, split, whole, source) if parent and whole and source else []
    if preset == GPU and backend.device == "cpu":
        notices.append(Notice(f"preset {GPU} is sized for a GPU, and this is a CPU: --preset long suits one"))
    choice = build(backend, request.kernel, request.threads, config.precision)
    return _Plan(config, given_by, preset, choice, [*map(Notice, said), *notices, *leaks], source, about)


def _choose_preset(
    source: Source, kind: Kind, request: TrainRequest, backend: Backend
) -> tuple[str | None, list[Notice]]:
    """The preset that suits the text and the time; None if the cell would not learn at its rates."""
    is_list = (request.kind or kind.name) == "list" and not request.settings.get("separator")
    preset, why = presets.choose(source.size, is_list=is_list, gpu=backend.device != "cpu", settings=request.settings)
    tuned = presets.load_preset(preset).get("cell", Config.cell)
    wanted = request.settings.get("cell", tuned)
    if not CELLS[wanted].gated:
        refusal = f"no preset was chosen: {preset} is tuned for gated cells, and {wanted} is not one"
        without = "sizes and split are the defaults, so that losses do not compare with runs that have the preset"
        return None, [Notice(f"{refusal}; {without}; --preset NAME uses one anyway")]
    found = f" (its learning rate was found with {tuned})" if wanted != tuned else ""
    others = "--preset NAME selects another, --preset none disables presets"
    return preset, [Notice(f"preset {preset}{found}, for {why}; {others}")]


def _settings(
    request: TrainRequest,
    preset: str | None,
    parent: Parent | None,
    split: Mapping[str, Any] = _NOTHING,
    source: Source | None = None,
) -> tuple[Config, dict[str, str]]:
    """The settings, and where each came from; settings that were asked for override `split`, the parent's."""
    layers: list[tuple[str, dict[str, Any]]] = []
    if parent:
        layers.append((parent.origin, parent.symbols | parent.model | dict(split)))
    if preset:
        layers.append((f"preset {preset}", presets.load_preset(preset)))
    if request.config_file:
        layers.append((str(request.config_file), presets.load_file(request.config_file)))
    every = held_out.layered(layers, request.settings, source)
    config, given_by = resolve(*every[:-1], settle(request.kind, every, source), every[-1])
    if parent:
        parent.check(config)
    return config, given_by


def _fit(config: Config, tokens: Tokens) -> tuple[Config, list[Notice]]:
    """The settings with a batch that the text can fill."""
    batch_size = fit_batch_size(len(tokens.train), config.batch_size, config.seq_len)
    if batch_size == config.batch_size:
        return config, []
    if config.split == "interleaved":  # the split holds out the ends of exactly batch_size streams
        short = f"the text is too short for split interleaved with batch_size {config.batch_size}"
        raise SettingError(f"{short}; use {batch_size} or less", "split", "batch_size")
    learned = f"the text has only {len(tokens.train)} characters to learn from"
    notice = Notice(f"batch_size is {batch_size}, not {config.batch_size}: {learned}")
    return config.replace(batch_size=batch_size), [notice]


def _first_weights(
    config: Config, tokens: Tokens, parent: Parent | None, backend: Backend
) -> tuple[Flat, list[Notice]]:
    """The weights that training begins with: random ones, or the parent's if it has them."""
    shape = Shape.of(config, tokens.vocabulary.size)
    params = initial_parameters(shape, backend, np.random.default_rng(config.seed))
    if parent is None:
        chars = len(tokens.train)
        little = f"{chars} characters are too few to learn from; the network will learn them by heart"
        return params, [Notice(little)] if chars < LITTLE_TO_LEARN else []
    parent.copy_weights(params, backend)
    more = tokens.vocabulary.size - parent.vocabulary.size
    joined = f"; {counted(more, 'character')} {'is' if more == 1 else 'are'} new to it" if more else ""
    return params, [Notice(f"training begins with the weights of {parent.name}{joined}")]


def _record(request: TrainRequest, source: Source, tokens: Tokens) -> TextRecord:
    """The text as a checkpoint records it."""
    return TextRecord(
        argument=argument_of(request.corpus),
        description=source.description,
        sha256=tokens.sha256,
        size=tokens.size,
        train_chars=len(tokens.train),
        val_chars=len(tokens.val),
        val_sha256=sha256_of(Source("val", source.val)) if source.val else None,
    )


def _remarks(config: Config, tokens: Tokens) -> Iterator[Notice]:
    """Notices about effects of these settings that the user may not expect."""
    if config.dropout and config.num_layers == 1:
        yield Notice("dropout acts between layers and has no effect with one layer; use --dropout-output")
    for name in ("dropout", "dropout_input", "dropout_output", "dropout_weights"):
        if 0 < getattr(config, name) * MASK_LEVELS <= 0.5:
            yield Notice(f"{name} {getattr(config, name):g} drops nothing: it is rounded to steps of 1/{MASK_LEVELS}")
    if 0 < len(tokens.val) < LITTLE_HELD_OUT:
        yield Notice(f"only {len(tokens.val)} characters are held out: the validation loss is unreliable")
    if config.bytes and any(getattr(config, name) != getattr(Config, name) for name in OF_CHARACTERS):
        yield Notice("bytes are read as they are: encoding, errors, normalize and vocab_min have no effect")
    if not len(tokens.val) and (config.patience or config.schedule == "plateau"):
        yield Notice("patience and the schedule plateau have no effect without held-out text")
