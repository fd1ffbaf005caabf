"""Loss against time: charrnn and a rival learn the same text with the same recipe from the same weights."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from charrnn.bench.check import check
from charrnn.bench.curve.turns import Curve, Recipe, WeightsEvaluator, take_turns
from charrnn.bench.job import GRAPH, TORCH, Job, measure, try_variants
from charrnn.bench.machine import Machine, describe
from charrnn.bench.match import Note, require
from charrnn.bench.timing import Spread
from charrnn.bench.workload import Workload
from charrnn.config import Config
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import ConfigError, Unsupported
from charrnn.files import temporary_folder
from charrnn.kernels.choice import build
from charrnn.network.shape import Shape
from charrnn.text.batches import fit_batch_size
from charrnn.text.ramp import Ramp
from charrnn.text.source import Source
from charrnn.text.tokens import Tokens, encode_corpus
from charrnn.training import budget as budgets
from charrnn.training.budget import StepBudget

TOLERANCE = 0.005  # nats per character: equal training with different rounding ends at slightly different losses
_OPTIMIZERS = ("adam", "adamw", "sgd", "momentum")  # PyTorch's do exactly the same


@dataclass(frozen=True)
class CurveRequest:
    """The text to learn, its settings, and the rival. A budget of time in `config` is charrnn's time."""

    source: Source
    config: Config
    rival: str
    device: str = "auto"
    kernel: str = "auto"
    threads: int | None = None


@dataclass(frozen=True)
class Reached:
    """When charrnn first reached the rival's final loss plus `tolerance`.

    In seconds, and as a share of the rival's time; both are None if it never did.
    """

    tolerance: float
    seconds: float | None
    share: float | None


@dataclass(frozen=True)
class CurveReport:
    """Both curves. `ratio` is the rival's time over charrnn's, one value per piece of the training."""

    corpus: str
    train_chars: int
    val_chars: int
    model: str
    parameters: int
    settings: dict[str, Any]  # settings that differ from the defaults
    machine: Machine
    ours: Curve
    rival: Curve
    ratio: Spread
    reached: tuple[Reached, ...]


def measure_curve(request: CurveRequest, note: Note = lambda text: None) -> CurveReport:
    """Let both sides learn; `note` is called with messages about the progress.

    Raises:
        BackendError: the device or the rival is missing, or a side does not work.
        ConfigError: the settings hold nothing out, or depend on evaluations.
        Unsupported: the rival does not support these settings.
        CorpusError: the text cannot be read.
    """
    backend = open_backend(request.device)
    kernels = build(backend, request.kernel, precision=request.config.precision).kernels
    with temporary_folder() as folder:
        tokens = encode_corpus(request.source, request.config, folder)
        config = _fitted(request.config, tokens)
        job = Job(
            kernels.name, backend.device, _workload(config, tokens), precision=config.precision, threads=request.threads
        )
        require(request.rival, job.workload, backend, job.precision, job.threads)
        _require_recipe(config, request.rival)
        note("checking against the reference")
        check(job.workload, backend, kernels)
        variant = ""
        if request.rival == TORCH:
            note("finding PyTorch's fastest variant")
            trial = try_variants(replace(job, side=TORCH))
            variant = trial.variant.removesuffix(GRAPH)  # a graph needs chunks of one length
        steps = _steps(config, tokens, job, note)
        vocabulary = tokens.vocabulary.to_dict()
        ours = Recipe(job.side, job.device, config.to_dict(), vocabulary, str(folder), steps, threads=job.threads)
        rival = replace(ours, side=request.rival, variant=variant)
        curves = take_turns((ours, rival), WeightsEvaluator(config, tokens, backend, kernels), note)
    return _report(request.source, config, tokens, backend, *curves)


def reached(ours: Curve, rival: Curve, tolerance: float) -> Reached:
    """Compare charrnn's evaluations with the rival's last one; see `Reached`."""
    final = rival.points[-1]
    low = final.val_loss + tolerance
    seconds = next((point.seconds for point in ours.points if point.val_loss <= low), None)
    return Reached(tolerance, seconds, None if seconds is None else seconds / final.seconds)


def _fitted(config: Config, tokens: Tokens) -> Config:
    """The settings with the batch size fitted to this text, as for a training run."""
    if len(tokens.val) < 2:
        raise ConfigError("a curve needs held-out text, and nothing is held out; raise val_fraction in --config")
    return config.replace(batch_size=fit_batch_size(len(tokens.train), config.batch_size, config.seq_len))


def _workload(config: Config, tokens: Tokens) -> Workload:
    """One step of this training run: the kernels are checked with it, and timed for a budget of time."""
    sizes = {name: getattr(config, name) for name in ("cell", "hidden_size", "num_layers", "seq_len", "batch_size")}
    return Workload(vocab_size=tokens.vocabulary.size, **sizes)


def _require_recipe(config: Config, rival: str) -> None:
    """Raise if one of the sides does not support the settings."""
    if config.schedule == "plateau":
        raise ConfigError(
            "schedule plateau depends on evaluations, which --curve makes outside the training; use another"
        )
    if rival != TORCH:
        return
    if config.optimizer not in _OPTIMIZERS:
        raise Unsupported(f"PyTorch's {config.optimizer} differs from charrnn's; use one of {', '.join(_OPTIMIZERS)}")
    if config.activation_penalty or config.temporal_penalty:
        raise Unsupported("PyTorch's side has no activation_penalty or temporal_penalty; set them to 0")
    if config.dropout and config.num_layers > 1 and config.dropout_mask == "chunk":
        raise Unsupported("PyTorch's layers draw a mask for each time step; use dropout_mask step, or dropout 0")


def _steps(config: Config, tokens: Tokens, job: Job, note: Note) -> int:
    """Number of steps in the budget; for a budget of time, as many plain steps as charrnn makes in it."""
    budget = budgets.build(config, Ramp(config, tokens.train, tokens.vocabulary.newline).per_epoch)
    if isinstance(budget, StepBudget):
        return budget.steps
    note(f"timing a step, to learn for {budget.text}")
    step = Spread.of(measure(job).seconds["step"]).median * config.accumulate
    return max(1, round(budget.seconds / step))


def _report(source: Source, config: Config, tokens: Tokens, backend: Backend, ours: Curve, rival: Curve) -> CurveReport:
    shape, defaults = Shape.of(config, tokens.vocabulary.size), Config().to_dict()
    return CurveReport(
        corpus=source.description,
        train_chars=len(tokens.train),
        val_chars=min(len(tokens.val), config.eval_chars),
        model=str(shape),
        parameters=shape.size,
        settings={name: value for name, value in config.to_dict().items() if value != defaults[name]},
        machine=describe(backend),
        ours=ours,
        rival=rival,
        ratio=Spread.of([theirs / mine for mine, theirs in zip(_pieces(ours), _pieces(rival), strict=True)]),
        reached=tuple(reached(ours, rival, tolerance) for tolerance in (0.0, TOLERANCE)),
    )


def _pieces(curve: Curve) -> list[float]:
    """Seconds that each piece of the training took."""
    return [after - before for before, after in pairwise([0.0, *(point.seconds for point in curve.points)])]
