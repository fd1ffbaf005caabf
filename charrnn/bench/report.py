"""The report of a match: figures of each side, pairs of turns, and ratios between the sides."""

from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.bench.check import Errors
from charrnn.bench.job import Job, Measurement, VariantTrial
from charrnn.bench.machine import Ceiling, Machine, busy
from charrnn.bench.timing import Spread
from charrnn.bench.workload import Workload

PHASES = ("step", "forward", "backward", "rest")


@dataclass(frozen=True)
class Memory:
    """Memory of training in bytes.

    peak: largest size of the process. training: the part of it that depends on the size of the network. least: what
    training needs at least.
    """

    peak: int
    training: int
    least: int
    ratio: float  # training / least


@dataclass(frozen=True)
class SideResult:
    """Figures of a side over all its turns.

    milliseconds: per step, and per phase (forward, backward, rest); a CUDA graph has no phases. microseconds: all of
    forward and all of backward, per time step and layer. share: matrix products relative to the ceiling measured in
    the same turn. gb_per_second, copy_share: the least traffic, and relative to the rate of large copies. sampling:
    characters per second.
    """

    name: str
    variant: str
    precision: str  # of matrix products
    milliseconds: dict[str, Spread]
    microseconds: dict[str, Spread]
    chars_per_second: float
    gflops_per_second: float
    share: Spread
    gb_per_second: float
    copy_share: float
    memory: Memory | None
    sampling: dict[str, Spread]


@dataclass(frozen=True)
class Pair:
    """One turn of each side: milliseconds per step, their ratio, and the ceiling just before in GFLOP/s."""

    ours: float
    rival: float
    ratio: float
    ceiling: float


@dataclass(frozen=True)
class BenchReport:
    """All results. Ratios are above 1 where charrnn is faster."""

    workload: Workload
    gflops: float  # per step
    errors: Errors
    machine: Machine
    ceiling: Spread  # GFLOP/s
    ours: SideResult
    rival: SideResult | None
    variants: dict[str, float | str]  # of PyTorch: milliseconds per step in their trial, or why it failed
    pairs: list[Pair]
    ratio: Spread | None
    ratio_sampling: dict[str, Spread]
    warnings: list[str]


@dataclass(frozen=True)
class Turn:
    """Measurements of one turn."""

    ceiling: Ceiling
    ours: Measurement
    rival: Measurement | None


def build_report(
    errors: Errors,
    machine: Machine,
    ours: Job,
    rival: Job | None,
    turns: Sequence[Turn],
    trial: VariantTrial | None = None,
) -> BenchReport:
    """The report on turns of charrnn and of its rival, if there is one; `trial` is that of PyTorch's variants."""
    workload = ours.workload
    ceilings = [turn.ceiling for turn in turns]
    our_turns = [turn.ours for turn in turns]
    rival_turns = [turn.rival for turn in turns if turn.rival]
    pairs = [_pair(turn.ours, turn.rival, turn.ceiling) for turn in turns if turn.rival]
    return BenchReport(
        workload=workload,
        gflops=workload.flops / 1e9,
        errors=errors,
        machine=machine,
        ceiling=Spread.of([each.best for each in ceilings]),
        ours=_result(ours, our_turns, ceilings, machine),
        rival=_result(rival, rival_turns, ceilings, machine) if rival else None,
        variants=trial.milliseconds | trial.failed if trial else {},
        pairs=pairs,
        ratio=Spread.of([pair.ratio for pair in pairs]) if pairs else None,
        ratio_sampling=_sampling_ratios(_sampling(our_turns), _sampling(rival_turns)),
        warnings=busy(machine, ceilings),
    )


def _result(job: Job, turns: list[Measurement], ceilings: list[Ceiling], machine: Machine) -> SideResult:
    workload = job.workload
    seconds = {
        phase: [each for turn in turns for each in turn.seconds[phase]] for phase in PHASES if phase in turns[0].seconds
    }
    milliseconds = {phase: Spread.of(times, 1e3) for phase, times in seconds.items()}
    time_steps = workload.num_layers * workload.seq_len
    step = milliseconds["step"].median / 1e3
    gb_per_second = workload.traffic / 1e9 / step
    shares = [workload.flops / 1e9 / _step(turn) / each.best for turn, each in zip(turns, ceilings, strict=True)]
    return SideResult(
        name=turns[0].name,
        variant=job.variant,
        precision=turns[0].precision,
        milliseconds=milliseconds,
        microseconds={
            phase: Spread.of(seconds[phase], 1e6 / time_steps) for phase in ("forward", "backward") if phase in seconds
        },
        chars_per_second=workload.chars / step,
        gflops_per_second=workload.flops / 1e9 / step,
        share=Spread.of(shares),
        gb_per_second=gb_per_second,
        copy_share=gb_per_second / machine.copy_gb_s,
        memory=_memory(workload, turns),
        sampling={kind: Spread.of(rates) for kind, rates in _sampling(turns).items()},
    )


def _memory(workload: Workload, turns: list[Measurement]) -> Memory | None:
    """Memory of the process that used the most."""
    used = [turn.memory for turn in turns if turn.memory]
    if not used:
        return None
    largest = max(used, key=lambda memory: memory.peak)
    training, least = largest.peak - largest.before, workload.least_bytes
    return Memory(largest.peak, training, least, training / least)


def _pair(ours: Measurement, rival: Measurement, ceiling: Ceiling) -> Pair:
    our_step, rival_step = 1e3 * _step(ours), 1e3 * _step(rival)
    return Pair(our_step, rival_step, rival_step / our_step, ceiling.best)


def _step(turn: Measurement) -> float:
    """Median seconds of a whole step."""
    return Spread.of(turn.seconds["step"]).median


def _sampling(turns: list[Measurement]) -> dict[str, list[float]]:
    """Characters per second in each turn, by kind; empty where sampling was not measured."""
    measured = [turn.sampling for turn in turns if turn.sampling]
    return {kind: [rates[kind] for rates in measured] for kind in (measured[0] if measured else ())}


def _sampling_ratios(ours: dict[str, list[float]], rival: dict[str, list[float]]) -> dict[str, Spread]:
    """charrnn's 100 texts at once over one text after another, and charrnn over the rival for each kind it has."""
    if not ours:
        return {}
    ratios = {"hundred_to_one": _ratio(ours["hundred_texts"], ours["one_text"])}
    for kind, rates in rival.items():
        ratios[kind] = _ratio(ours.get(kind, ours["one_text"]), rates)
    return ratios


def _ratio(above: list[float], below: list[float]) -> Spread:
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])
