"""Two curves of loss over time, as a table."""

from collections.abc import Iterator

from rich.console import Console

from charrnn.bench.curve.measure import CurveReport
from charrnn.view.layout import facts, grid, open_console

WIDTH_OF_A_FILE = 100


def show_curves(report: CurveReport, console: Console | None = None) -> None:
    """Print both curves on standard output, or on `console`."""
    output = console or open_console(WIDTH_OF_A_FILE)
    output.print(facts(_conditions(report)))
    output.print()
    ours, rival = report.ours, report.rival
    table = grid("step", f"{ours.name}: s", "val loss", f"{rival.name}: s", "val loss", numbers=5)
    for mine, theirs in zip(ours.points, rival.points, strict=True):
        table.add_row(
            str(mine.steps),
            f"{mine.seconds:.1f}",
            f"{mine.val_loss:.4f}",
            f"{theirs.seconds:.1f}",
            f"{theirs.val_loss:.4f}",
        )
    output.print(table)
    output.print()
    output.print(facts(_verdict(report)))


def _conditions(report: CurveReport) -> Iterator[tuple[str, str]]:
    yield "text", f"{report.corpus}: {report.train_chars:,} characters, {report.val_chars:,} held out"
    yield "model", f"{report.model}: {report.parameters:,} parameters"
    yield "recipe", ", ".join(f"{name} {value}" for name, value in report.settings.items())
    machine = report.machine
    cores = f", {machine.cores} cores" if machine.device == "cpu" else ""
    yield "machine", f"{machine.processor}{cores}"
    if report.rival.variant:
        yield "rival", f"{report.rival.name}, {report.rival.variant}"


def _verdict(report: CurveReport) -> Iterator[tuple[str, str]]:
    rival, ratio = report.rival.name, report.ratio
    yield (
        "time",
        (
            f"{rival} took {ratio.median:.2f} times as long for the same steps ({ratio.low:.2f} to {ratio.high:.2f} "
            "in single turns)"
        ),
    )
    final = report.rival.points[-1]
    for each in report.reached:
        low = f"{rival}'s final loss {final.val_loss:.4f}" + (f" plus {each.tolerance:g}" if each.tolerance else "")
        when = "never" if each.seconds is None else f"after {each.seconds:.1f} s, {each.share:.0%} of its time"
        yield "reached", f"{low}: {when}"
