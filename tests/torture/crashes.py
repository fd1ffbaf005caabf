"""Runs that are killed, and runs whose file operations fail."""

import os
import random
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.torture.faults import ERRORS, KILL, TORN, Fault
from tests.torture.power import PowerFailure
from tests.torture.process import Ended, charrnn_command, state_of

BASE = shlex.split(
    "--device cpu --kernel numpy --preset none --hidden-size 6 --num-layers 1 --batch-size 4 --seq-len 8 "
    "--eval-chars 200 --sample-length 0 --steps 8 --eval-every 2 --schedule constant --learning-rate 0.4"
)
RECIPES = {
    "lstm": "",
    "gru, dropout, ema": "--cell gru --dropout-output 0.3 --average ema --average-decay 0.7",
    "gru-before, accumulate, random lengths": "--cell gru-before --accumulate 2 --random-lengths",
    "tanh, unique-lines, polyak": "--cell tanh --learning-rate 0.1 --split unique-lines --average polyak",
    "relu, ramp, rmsprop": "--cell relu --learning-rate 0.02 --batch-ramp 4 --optimizer rmsprop --split lines",
    "lstm, interleaved, plateau": "--split interleaved --schedule plateau --plateau-patience 1",
    "lstm, blocks, patience": "--split blocks --patience 2",
}
TEXT = "".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(20))


@dataclass(frozen=True)
class Case:
    """A case, and why it was not survived; empty if it was."""

    name: str
    failure: str = ""


class Recipe:
    """Runs of one recipe in `folder`, and the one of them that was left alone."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "c.txt").write_text(TEXT)

    @cached_property
    def alone(self) -> tuple[list[str], list[dict[str, object]]]:
        """The state of the run that was left alone."""
        ended = self.train("alone")
        assert ended.code == 0, ended.error
        return state_of(self.folder / "alone")

    @cached_property
    def operations(self) -> int:
        """The number of file operations of a run."""
        counter = Fault()
        log = self.folder / "count"
        process = os.fork()
        if process == 0:  # the count is in the child's memory
            meets = counter.meets

            def noted(name: str, path: object = "") -> bool:
                torn = meets(name, path)
                log.write_text(str(counter.count))
                return torn

            counter.meets = noted  # type: ignore[method-assign]  # to see the last number
            os._exit(0 if self.train("counted", counter).code == 0 else 1)
        os.waitpid(process, 0)
        return int(log.read_text())

    def train(self, run: str, fault: Fault | None = None, kill_after: float | None = None) -> Ended:
        """A new run."""
        arguments = ["train", "c.txt", *BASE, *RECIPES[self.name].split(), "--run", run]
        return self._call(arguments, run, fault, kill_after)

    def resume(self, run: str, fault: Fault | None = None) -> Ended:
        """A run that continues."""
        return self._call(["train", "--resume", "--run", run, "--kernel", "numpy"], run, fault, None)

    def _call(self, arguments: list[str], run: str, fault: Fault | None, kill_after: float | None) -> Ended:
        return charrnn_command(arguments, self.folder, fault, within=self.folder / run, kill_after=kill_after)

    def recovered(self, run: str, before: Sequence[Ended]) -> str:
        """Continue a run that ended too early; returns what is wrong with it then."""
        for ended in before:
            if not ended.is_clean:
                return f"ended with {ended.code}: {ended.error[-300:]}"
        ended = self.resume(run)
        if any(told in ended.error for told in ("has no checkpoint", "there is no run")):
            ended = self.train(run)
        if ended.code:
            return f"cannot be resumed: {ended.error[-300:]}"
        folder = self.folder / run
        state, wanted = state_of(folder), self.alone
        differ = [
            name for name, here, there in zip(("best", "last"), state[0], wanted[0], strict=True) if here != there
        ]
        differ += ["metrics"] if state[1] != wanted[1] else []
        left = [path.name for path in folder.iterdir() if path.name.startswith(".")]
        shutil.rmtree(folder)
        return " and ".join(differ) + " differ" if differ else f"{left} is left" if left else ""


def killed(recipe: Recipe, kind: str, numbers: Sequence[int]) -> Iterator[Case]:
    """Kill a run at operations by number, before each (KILL) or in the middle of it (TORN), and resume it."""
    for at in numbers:
        ended = recipe.train(f"{kind}-{at}", Fault(kind, at))
        yield Case(f"{recipe.name}: {kind} at {at}", recipe.recovered(f"{kind}-{at}", [ended]))


def powerless(recipe: Recipe, numbers: Sequence[int], *, zeros: bool) -> Iterator[Case]:
    """Cut the power at operations by number, and resume the run."""
    for at in numbers:
        ended = recipe.train(f"power-{at}", PowerFailure(KILL, at, zeros=zeros))
        yield Case(f"{recipe.name}: power at {at}", recipe.recovered(f"power-{at}", [ended]))


def killed_again(recipe: Recipe, seeds: Sequence[int], times: int = 5) -> Iterator[Case]:
    """Kill a run, and again each time that it resumes."""
    for seed in seeds:
        draws, run = random.Random(seed), f"chain-{seed}"
        ended = [recipe.train(run, Fault(KILL, draws.randrange(20, recipe.operations)))]
        ended += [
            recipe.resume(run, Fault(draws.choice((KILL, TORN)), draws.randrange(1, 30))) for _ in range(times - 1)
        ]
        ended = [each for each in ended if each.code < 0 or "has no checkpoint" not in each.error]
        yield Case(f"{recipe.name}: chain {seed}", recipe.recovered(run, ended))


def killed_at_random(recipe: Recipe, seeds: Sequence[int], longest: float = 0.6) -> Iterator[Case]:
    """Kill a run at a random moment, wherever it is."""
    for seed in seeds:
        ended = recipe.train(f"moment-{seed}", kill_after=random.Random(seed).uniform(0, longest))
        yield Case(f"{recipe.name}: moment {seed}", recipe.recovered(f"moment-{seed}", [ended]))


def failing(recipe: Recipe, error: str, numbers: Sequence[int], *, lasting: bool) -> Iterator[Case]:
    """Let operations fail by number, or all from there on; the run ends or stops with one line, and resumes."""
    for at in numbers:
        run = f"{error}-{at}"
        ended = recipe.train(run, Fault(ERRORS[error], at, lasting))
        yield Case(f"{recipe.name}: {error} at {at}", recipe.recovered(run, [ended]))
