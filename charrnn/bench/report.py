"""What was found: each side's figures, the pairs, and the ratios between them."""

from dataclasses import dataclass
from typing import Any

from charrnn.bench.check import Errors
from charrnn.bench.job import Job
from charrnn.bench.machine import Ceiling, Machine, busy
from charrnn.bench.timing import Spread
from charrnn.bench.workload import Workload

PHASES = ("step", "forward", "backward", "rest")


@dataclass(frozen=True)
class Memory:
    """Bytes: the training process at its largest, how much of that came with the size of the network, and the least."""

    peak: int
    training: int
    least: int
    ratio: float  # training / least


@dataclass(frozen=True)
class SideResult:
    """What a side did, over all its processes. `share` is of the matrix product's rate in the same pair."""

    name: str
    variant: str
    precision: str  # of matrix products
    milliseconds: dict[str, Spread]  # of a step and of its phases: forward, backward, rest; of a CUDA graph no phases
    microseconds: dict[str, Spread]  # forward and backward, all that is in them, for each time step of each layer
    chars_per_second: float
    gflops_per_second: float
    share: Spread
    gb_per_second: float  # of what has to be moved at least
    copy_share: float  # of the rate of large copies
    memory: Memory | None
    sampling: dict[str, Spread]  # characters a second


@dataclass(frozen=True)
class Pair:
    """One turn of both sides: milliseconds a step, the rival's over ours, and the ceiling in GFLOP/s just before."""

    ours: float
    rival: float
    ratio: float
    ceiling: float


@dataclass(frozen=True)
class BenchReport:
    """All that was found. Ratios are above 1 where we are faster."""

    workload: Workload
    gflops: float  # in a step
    errors: Errors
    machine: Machine
    ceiling: Spread  # GFLOP/s
    ours: SideResult
    rival: SideResult | None
    variants: dict[str, float | str]  # of torch: milliseconds a step when they took turns, or why one failed
    pairs: list[Pair]
    ratio: Spread | None
    ratio_sampling: dict[str, Spread]
    warnings: list[str]


@dataclass(frozen=True)
class Turn:
    """What was measured in one turn."""

    ceiling: Ceiling
    ours: dict[str, Any]
    rival: dict[str, Any] | None


def build_report(
    errors: Errors,
    machine: Machine,
    ours: Job,
    rival: Job | None,
    turns: list[Turn],
    tried: dict[str, Any] | None = None,
) -> BenchReport:
    """The report on these turns of our side and, if there was one, the rival's; `tried` is what `settle` found."""
    workload, ceilings = ours.workload, [turn.ceiling for turn in turns]
    our_answers, rival_answers = [turn.ours for turn in turns], [turn.rival for turn in turns if turn.rival]
    pairs = [_pair(turn) for turn in turns if turn.rival]
    return BenchReport(
        workload=workload,
        gflops=workload.flops / 1e9,
        errors=errors,
        machine=machine,
        ceiling=Spread.of([each.best for each in ceilings]),
        ours=_result(ours, our_answers, ceilings, machine),
        rival=_result(rival, rival_answers, ceilings, machine) if rival else None,
        variants=tried["milliseconds"] | tried["failed"] if tried else {},
        pairs=pairs,
        ratio=Spread.of([pair.ratio for pair in pairs]) if pairs else None,
        ratio_sampling=_sampling_ratios(our_answers, rival_answers) if ours.sampling else {},
        warnings=busy(machine, ceilings),
    )


def _result(job: Job, answers: list[dict[str, Any]], ceilings: list[Ceiling], machine: Machine) -> SideResult:
    workload = job.workload
    seconds = {
        phase: [each for answer in answers for each in answer["seconds"][phase]]
        for phase in PHASES
        if phase in answers[0]["seconds"]
    }
    milliseconds = {phase: Spread.of(times, 1e3) for phase, times in seconds.items()}
    time_steps = workload.num_layers * workload.seq_len
    step = milliseconds["step"].median / 1e3
    gb_per_second = workload.traffic / 1e9 / step
    shares = [workload.flops / 1e9 / _step(answer) / each.best for answer, each in zip(answers, ceilings, strict=True)]
    return SideResult(
        name=answers[0]["name"],
        variant=job.variant,
        precision=answers[0]["precision"],
        milliseconds=milliseconds,
        microseconds={
            phase: Spread.of(seconds[phase], 1e6 / time_steps) for phase in ("forward", "backward") if phase in seconds
        },
        chars_per_second=workload.chars / step,
        gflops_per_second=workload.flops / 1e9 / step,
        share=Spread.of(shares),
        gb_per_second=gb_per_second,
        copy_share=gb_per_second / machine.copy_gb_s,
        memory=_memory(workload, answers),
        sampling=_sampling(answers),
    )


def _memory(workload: Workload, answers: list[dict[str, Any]]) -> Memory | None:
    """Of the largest of the processes."""
    if answers[0]["memory"] is None:
        return None
    largest = max((answer["memory"] for answer in answers), key=lambda memory: memory["peak"])
    training, least = largest["peak"] - largest["before"], workload.least_bytes
    return Memory(largest["peak"], training, least, training / least)


def _sampling(answers: list[dict[str, Any]]) -> dict[str, Spread]:
    kinds = answers[0]["sampling"] or ()
    return {kind: Spread.of([answer["sampling"][kind] for answer in answers]) for kind in kinds}


def _pair(turn: Turn) -> Pair:
    ours, rival = 1e3 * _step(turn.ours), 1e3 * _step(turn.rival)
    return Pair(ours, rival, rival / ours, turn.ceiling.best)


def _step(answer: dict[str, Any]) -> float:
    """Seconds of a whole step, in the median."""
    return Spread.of(answer["seconds"]["step"]).median


def _sampling_ratios(ours: list[dict[str, Any]], rivals: list[dict[str, Any]]) -> dict[str, Spread]:
    """Our hundred texts at once over one after another, and ours over the rival's for all that the rival did."""
    ratios = {"hundred_to_one": _ratio(ours, "hundred_texts", ours, "one_text")}
    for kind in rivals[0]["sampling"] if rivals else ():
        mine = kind if kind in ours[0]["sampling"] else "one_text"
        ratios[kind] = _ratio(ours, mine, rivals, kind)
    return ratios


def _ratio(above: list[dict[str, Any]], kind: str, below: list[dict[str, Any]], other: str) -> Spread:
    return Spread.of([a["sampling"][kind] / b["sampling"][other] for a, b in zip(above, below, strict=True)])
