"""A new run, with fresh weights or those of another run."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from charrnn import presets
from charrnn.cells.registry import CELLS
from charrnn.config import LISTS, Config, resolve
from charrnn.device.backend import Backend
from charrnn.errors import ConfigError, SettingError
from charrnn.hints import OnProgress
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape, initial_parameters
from charrnn.kernels.protocol import MASK_LEVELS
from charrnn.runs.run import RUNS, Run
from charrnn.session.parent import Parent
from charrnn.session.ready import Session, ready
from charrnn.session.request import COMMAND_LINE, STDIN, Request, argument_of, open_corpus
from charrnn.text.batches import fit_batch_size
from charrnn.text.kind import is_list
from charrnn.text.source import Source, from_stdin
from charrnn.text.tokens import Tokens, encode_corpus
from charrnn.training.events import Notice
from charrnn.training.trainer import Setup

LITTLE = 20  # held-out characters that are too few to tell anything
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def begin(request: Request, backend: Backend, reading: OnProgress | None) -> Session:
    """The session of a new run; what was in its folder is kept aside, and put back if anything goes wrong."""
    if not request.corpus:
        raise ConfigError("name a text to learn: charrnn train CORPUS (a file, a folder, -, or one of charrnn corpora)")
    if request.glob != Config.glob and not any(Path(name).is_dir() for name in request.corpus):
        texts = " ".join(request.corpus)
        raise ConfigError(f"--glob chooses among the files of a folder, and {texts} is not one; leave it out")
    parent = Parent.open(request.init_from) if request.init_from else None
    config, _ = _settings(request, request.preset, parent)  # what is wrong is said before anything is moved or read
    source = None
    if request.corpus != STDIN:
        source = open_corpus(request.corpus, config, reading)
    choice = build(backend, request.kernel, request.threads, config.precision)
    run = Run(Path(request.run) if request.run else RUNS / (source.name if source else "stdin"))
    moved = run.create(force=request.force)
    lock = run.lock()
    notices = [Notice(f"the run that was there is now {moved}")] if moved else []
    try:
        source = source or from_stdin(sys.stdin.buffer, run.folder)
        preset = request.preset or _choose_preset(source, request, backend, notices)
        precision = config.precision
        split = parent.split(source) if parent else {}
        config, origins = _settings(request, preset, parent, split)
        notices += parent.leaks(config, split) if parent else []
        if config.precision != precision:  # the preset that was chosen wants another
            choice = build(backend, request.kernel, request.threads, config.precision)
        tokens = encode_corpus(source, config, run.folder, base=parent and parent.vocabulary, progress=reading)
        config = _fit(config, tokens, notices)
        notices += _without_effect(config, tokens)
        params = initial_parameters(
            Shape.of(config, tokens.vocabulary.size), backend, np.random.default_rng(config.seed)
        )
        if parent:
            parent.copy_weights(params, backend)
            more = tokens.vocabulary.size - parent.vocabulary.size
            joined = f", whose vocabulary {more} characters joined" if more else ""
            notices.append(Notice(f"it begins with the weights of {parent.name}{joined}"))
        run.write_config(config, origins)
    except BaseException:  # Ctrl-C and too little memory as well
        run.discard(lock, moved)
        raise
    corpus = {
        "argument": argument_of(request.corpus),
        "description": source.description,
        "sha256": tokens.sha256,
        "size": tokens.size,
        "train_chars": len(tokens.train),
        "val_chars": len(tokens.val),
    }
    description = {"origins": origins, "preset": preset, "corpus": corpus}
    setup = Setup(config, tokens, run, backend, choice.kernels, params, description, lock=lock)
    return ready(setup, choice, notices, moved)


def _choose_preset(source: Source, request: Request, backend: Backend, notices: list[Notice]) -> str | None:
    """The preset that suits the text and the time, which is said; None where settings come from elsewhere."""
    if request.config_file or request.init_from:
        return None
    preset, why = presets.choose(
        source.size, is_list=is_list(source), gpu=backend.device != "cpu", settings=request.settings
    )
    tuned = presets.load_preset(preset).get("cell", Config.cell)
    wanted = request.settings.get("cell", tuned)
    if not CELLS[wanted].gated:  # rates that a gate stands are too high for it
        notices.append(
            Notice(
                f"no preset was chosen: {preset} is tuned for gated cells, and {wanted} is not one; "
                "--preset NAME uses one anyway"
            )
        )
        return None
    found = f" (its learning rate was found with {tuned})" if wanted != tuned else ""
    notices.append(
        Notice(f"preset {preset}{found}, for {why}; --preset NAME selects another, --preset none disables presets")
    )
    return preset


def _settings(
    request: Request, preset: str | None, parent: Parent | None, split: Mapping[str, Any] = _NOTHING
) -> tuple[Config, dict[str, str]]:
    """The settings, and where each is from; `split` is the parent's, which stands below what is asked for."""
    sources: list[tuple[str, dict[str, Any]]] = []
    if parent:
        sources.append((parent.origin, parent.model | dict(split)))
    if preset:
        sources.append((f"preset {preset}", presets.load_preset(preset)))
    if request.config_file:
        sources.append((str(request.config_file), presets.load_file(request.config_file)))
    config, origins = resolve(*sources, (COMMAND_LINE, request.settings))
    if parent:
        parent.check(config)
    return config, origins


def _without_effect(config: Config, tokens: Tokens) -> list[Notice]:
    """What was asked for and can do nothing here."""
    notices = []
    if config.split in LISTS and tokens.vocabulary.newline is not None:
        notices.append(Notice("lines are shuffled; their order is not learned (--split contiguous keeps it)"))
    if config.dropout and config.num_layers == 1:
        notices.append(Notice("dropout is between layers, and there is one: it drops nothing; --dropout-output does"))
    for name in ("dropout", "dropout_input", "dropout_output", "dropout_weights"):
        if 0 < getattr(config, name) * MASK_LEVELS <= 0.5:
            notices.append(Notice(f"{name} {getattr(config, name):g} drops nothing: it goes by steps of 1/{MASK_LEVELS}"))
    if 0 < len(tokens.val) < LITTLE:
        notices.append(Notice(f"only {len(tokens.val)} characters are held out: the validation loss says little"))
    if config.bytes and (config.encoding, config.errors) != (Config.encoding, Config.errors):
        notices.append(Notice("bytes are read as they are: encoding and errors change nothing"))
    if not len(tokens.val) and (config.patience or config.schedule == "plateau"):
        notices.append(
            Notice("nothing is held out: patience and the schedule plateau wait for evaluations that never come")
        )
    return notices


def _fit(config: Config, tokens: Tokens, notices: list[Notice]) -> Config:
    """With no more streams than the text has chunks for."""
    notices += [Notice(text) for text in tokens.notices]
    batch_size = fit_batch_size(len(tokens.train), config.batch_size, config.seq_len)
    if batch_size == config.batch_size:
        return config
    if config.split == "interleaved":  # another number of streams has other ends
        raise SettingError(
            f"the text is too short for split interleaved with batch_size {config.batch_size}: take "
            f"{batch_size} or less",
            *("split", "batch_size"),
        )
    notices.append(
        Notice(
            f"batch_size is {batch_size}, not {config.batch_size}: the text has only "
            f"{len(tokens.train)} characters to learn from"
        )
    )
    return config.replace(batch_size=batch_size)
