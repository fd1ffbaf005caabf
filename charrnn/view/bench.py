"""The report of `charrnn bench` as tables."""

import math
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from charrnn.bench.report import PHASES, BenchReport, SideResult
from charrnn.bench.timing import Spread
from charrnn.view.layout import facts, grid, open_console
from charrnn.view.wording import file_size

WIDTH_OF_A_FILE = 80
_SAMPLING = {"one_text": "one text", "one_text_by_default": "by default", "hundred_texts": "100 texts"}
_COMPARED = {
    "hundred_to_one": "100 texts at once against one after another",
    "one_text": "one text",
    "one_text_by_default": "one text, with the rival's default settings",
    "hundred_texts": "100 texts at once",
}


def show_report(report: BenchReport, console: Console | None = None) -> None:
    """Print a report on standard output, or on `console`."""
    output = console or open_console(WIDTH_OF_A_FILE)
    output.print(facts(_conditions(report)))
    output.print()
    output.print(_figures(report))
    verdict = list(_verdict(report))
    if verdict:
        output.print()
        output.print(facts(verdict))
    for warning in report.warnings:
        output.print(Text(f"warning: the machine is busy; measure again when it is idle: {warning}", "yellow"))


def _conditions(report: BenchReport) -> list[tuple[str, str]]:
    work, machine, errors = report.workload, report.machine, report.errors
    ceiling = f"matrix products {_rate(report.ceiling.high)}, copies {machine.copy_gb_s:,.1f} GB/s"
    cores = f", {machine.cores} cores" if machine.device == "cpu" else ""
    return [
        (
            "step",
            f"{work.shape}, {work.vocab_size} different characters, {work.batch_size} streams of {work.seq_len}: "
            f"{report.gflops:.3g} GFLOP",
        ),
        ("machine", f"{machine.processor}{cores}: {ceiling}"),
        (
            "checked",
            f"against the float64 reference; relative errors: outputs {errors.outputs:.0e}, "
            f"gradients {errors.gradients:.0e}, update {errors.update:.0e}",
        ),
    ]


def _figures(report: BenchReport) -> Table:
    """A row for each figure, a column for each side."""
    sides = [side for side in (report.ours, report.rival) if side]
    table = grid("", *(side.name for side in sides))
    if any(side.variant for side in sides):
        table.add_row("", *(side.variant for side in sides))
    if any(side.precision != "float32" for side in sides):
        table.add_row("precision", *(side.precision for side in sides))
    for phase in PHASES:
        title = "ms per step" if phase == "step" else f"  {phase}"
        table.add_row(title, *(_phase(side.milliseconds, phase) for side in sides))
    for phase in ("forward", "backward"):
        table.add_row(f"µs per time step {phase}", *(_phase(side.microseconds, phase) for side in sides))
    table.add_row("characters/s", *(f"{side.chars_per_second:,.0f}" for side in sides))
    table.add_row("matrix products", *(_rate(side.gflops_per_second) for side in sides))
    table.add_row("  of the machine's rate", *(_spread(side.share, "{:.0%}".format) for side in sides))
    table.add_row("least traffic", *(f"{_number(side.gb_per_second)} GB/s" for side in sides))
    table.add_row("  of a copy's rate", *(f"{side.copy_share:.0%}" for side in sides))
    table.add_row("peak memory", *(_peak(side) for side in sides))
    table.add_row("  of training", *(_training(side) for side in sides))
    for kind, title in _SAMPLING.items():
        if any(kind in side.sampling for side in sides):
            table.add_row(f"sampled/s, {title}", *(_sampled(side, kind) for side in sides))
    return table


def _verdict(report: BenchReport) -> Iterator[tuple[str, str]]:
    if report.variants:
        yield (
            "PyTorch",
            ", ".join(
                f"{name} {_number(each)} ms" if isinstance(each, float) else f"{name} failed ({each})"
                for name, each in report.variants.items()
            ),
        )
    if report.rival and report.ratio:
        pairs = " ".join(f"{pair.ratio:.2f}" for pair in report.pairs)
        yield "pairs", f"{pairs} (time of {report.rival.name} / time of {report.ours.name})"
        yield "ratio", _ratio(report.ratio)
    for kind, ratio in report.ratio_sampling.items():
        yield "sampling", f"{_ratio(ratio)}, {_COMPARED[kind]}"


def _ratio(spread: Spread) -> str:
    return f"min {spread.low:.2f}x, median {spread.median:.2f}x, max {spread.high:.2f}x"


def _phase(spreads: dict[str, Spread], phase: str) -> str:
    """A time, or nothing if the side was not timed by phases."""
    return _spread(spreads[phase]) if phase in spreads else ""


def _rate(gflops: float) -> str:
    """A rate in GFLOP/s, or in TFLOP/s if it is large."""
    return f"{gflops:,.1f} GFLOP/s" if gflops < 1e4 else f"{gflops / 1e3:,.1f} TFLOP/s"


def _number(value: float) -> str:
    """A number with three digits, or all digits before the point."""
    return f"{value:,.{max(0, 2 - math.floor(math.log10(value)))}f}" if 0 < value < 100 else f"{value:,.0f}"


def _spread(spread: Spread, form: Callable[[float], str] = _number) -> str:
    """The median, and in brackets the lowest and highest value if they differ from it."""
    median, low, high = (form(value) for value in (spread.median, spread.low, spread.high))
    return median if low == high else f"{median} ({low} to {high})"


def _sampled(side: SideResult, kind: str) -> str:
    return _spread(side.sampling[kind], "{:,.0f}".format) if kind in side.sampling else ""


def _peak(side: SideResult) -> str:
    return file_size(side.memory.peak) if side.memory else "unknown"


def _training(side: SideResult) -> str:
    """The memory that training added to the process, and the least that it needs."""
    if not side.memory:
        return "unknown"
    return f"{file_size(side.memory.training)}, {side.memory.ratio:.2f}x of {file_size(side.memory.least)}"
