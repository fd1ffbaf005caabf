"""charrnn sweep."""

import shlex
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from charrnn.cli.compare import print_json
from charrnn.cli.completion import complete_sweeps
from charrnn.cli.naming import naming_options
from charrnn.cli.options import WholeRange, device_options, json_option, threads_option
from charrnn.cli.settings import SettingOption
from charrnn.cli.signals import handled, leave
from charrnn.config import BUDGETS, SETTINGS
from charrnn.errors import StorageError, SweepError
from charrnn.evaluation.compare import compare
from charrnn.files import Lock
from charrnn.runs.run import LOCK, RUNS
from charrnn.search.grid import cell_grid
from charrnn.search.jobs import Ended, run_trials
from charrnn.search.plan import find_sweep, read_sweep, with_budget
from charrnn.search.trials import Trial, make_trials
from charrnn.view.compare import show_standings
from charrnn.view.sweep import SweepView, show_grid
from charrnn.view.terminal import note, print_line


def budget_options(command: click.Command) -> click.Command:
    """Add the options of `charrnn train` that limit the length of a run."""
    command.params += [SettingOption(name, SETTINGS[name]) for name in BUDGETS]
    return command


@budget_options
@click.command()
@click.argument("name", metavar="FILE|NAME", shell_complete=complete_sweeps)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the trials' runs.  [default: runs/FILE]",
)
@click.option(
    "--jobs",
    type=WholeRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Trials to train at the same time; they share the processors.",
)
@click.option("--print-commands", is_flag=True, help="Print the commands of the remaining trials; train nothing.")
@device_options
@threads_option
@json_option
def command(
    name: str,
    folder: Path | None,
    jobs: int,
    print_commands: bool,
    device: str,
    kernel: str,
    threads: int | None,
    as_json: bool,
    **budget: Any,
) -> None:
    """Search over settings: train a run for each combination.

    FILE is a YAML file; NAME is a sweep that comes with charrnn (cells). `corpus` is the text, and `as` what it is
    taken for, as in `charrnn train`. `base` has settings of all trials, which override those of a `preset`. `grid` has
    lists of values, and each combination is a trial. `random` has lists to choose from, or ranges such as {low: 1e-4,
    high: 1e-2, log: true}; they are drawn `samples` times (default 10) with `seed`. In place of hidden_size,
    `parameters` picks the hidden size closest to that many weights.

    The first table lists all trials. If `cell` and another setting vary, a second table has a column for each cell,
    with the lowest loss over the settings that `best_of` lists, such as [learning_rate]. In JSON, `settings` are those
    in which trials differ.

    The same command resumes a sweep that was stopped: finished trials are kept, and interrupted ones continue. Commands
    printed by --print-commands can run in any order, or in parallel.

    \b
    Examples:
      charrnn sweep cells
      charrnn sweep search.yaml --jobs 4 --json
      charrnn sweep search.yaml --print-commands | xargs -d '\\n' -n 1 -P 8 sh -c
    """
    file = find_sweep(name)
    sweep = read_sweep(file)
    folder = folder or RUNS / file.stem
    given = {name: value for name, value in budget.items() if value is not None}
    with naming_options(given):
        sweep = with_budget(sweep, given)
        trials = make_trials(sweep, folder)
    left = [trial for trial in trials if not trial.is_finished()]
    if print_commands:
        for trial in left:
            size = f"  # {trial.parameters:,} parameters" if trial.parameters else ""
            print_line(shlex.join(["charrnn", *trial.command(device, kernel, threads)]) + size)
        if not left:
            note(f"nothing is left to train: all {len(trials)} trials in {folder} are finished")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the folder {folder} cannot be made: {error.strerror}; name another with --folder DIR"
        ) from None
    lock = Lock(folder / LOCK)
    failed = _train(left, SweepView(trials, left), jobs, device=device, kernel=kernel, threads=threads)
    lock.release()
    standings = compare([trial.run for trial in trials if trial not in failed])
    if as_json:
        points = {trial.run.folder: trial.point for trial in trials}
        print_json([asdict(each) | {"settings": points[each.run]} for each in standings])
    elif standings:
        show_standings(standings)
        losses = {each.run: each.val_loss for each in standings}
        if found := cell_grid(((trial.point, losses.get(trial.run.folder)) for trial in trials), sweep.best_of):
            show_grid(found)
    if failed:
        raise SweepError(
            f"{len(failed)} of {len(trials)} trials failed; {failed[0].log} ends with the reason of the first; "
            "the same command tries them again"
        )


def _train(trials: list[Trial], view: SweepView, jobs: int, **options: Any) -> list[Trial]:
    """Train the trials; returns those that failed."""
    failed = []
    try:
        with (
            handled(leave, "SIGTERM", "SIGHUP"),
            closing(run_trials(trials, jobs, **options)) as events,
        ):
            for event in events:
                view.show(event)
                if isinstance(event, Ended) and event.error:
                    failed.append(event.trial)
    except (KeyboardInterrupt, SystemExit):
        view.interrupted()
        raise
    return failed
