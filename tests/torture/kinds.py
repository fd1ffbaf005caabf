"""All kinds of cases, in their long and their quick form."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from tests.torture.crashes import (
    RECIPES,
    Case,
    Recipe,
    failing,
    killed,
    killed_again,
    killed_at_random,
    powerless,
)
from tests.torture.damage import (
    BAD_LINES,
    DAMAGES,
    FILES,
    Patient,
    bad_lines,
    damaged,
    damaged_texts,
    exploding,
)
from tests.torture.faults import ERRORS, KILL, TORN

Kind = Callable[[Path, bool], Iterator[Case]]  # (a folder, whether to run all cases)
FIRST = 22  # the operation with which the first evaluation begins, about; earlier ones make the folder

QUICK_COMMANDS = ("resume", "sample", "eval", "compare")  # info would compile kernels
KILLED, CUT_OFF = "killed before an operation", "killed in the middle of a write"


def _recipes(folder: Path, long: bool) -> list[Recipe]:
    return [Recipe(name, folder / str(number)) for number, name in enumerate(RECIPES)][: None if long else 2]


def _numbers(recipe: Recipe, apart: int, first: int = 1) -> range:
    return range(first, recipe.operations + 1, apart)


def _killed(kind: str) -> Kind:
    def cases(folder: Path, long: bool) -> Iterator[Case]:
        return chain.from_iterable(
            killed(recipe, kind, _numbers(recipe, 1) if long else _numbers(recipe, 25, FIRST + index))
            for index, recipe in enumerate(_recipes(folder, long))
        )

    return cases


def _powerless(zeros: bool) -> Kind:
    def cases(folder: Path, long: bool) -> Iterator[Case]:
        return chain.from_iterable(
            powerless(recipe, _numbers(recipe, 1) if long else _numbers(recipe, 30, FIRST), zeros=zeros)
            for recipe in _recipes(folder, long)[: 3 if long else 1]
        )

    return cases


def _failing(error: str, lasting: bool) -> Kind:
    def cases(folder: Path, long: bool) -> Iterator[Case]:
        return chain.from_iterable(
            failing(recipe, error, _numbers(recipe, 1 if long else 23, 1 if long else FIRST), lasting=lasting)
            for recipe in _recipes(folder, long)[: 2 if long else 1]
        )

    return cases


def _chains(folder: Path, long: bool) -> Iterator[Case]:
    recipes = _recipes(folder, long)[: None if long else 1]
    return chain.from_iterable(killed_again(recipe, range(8 if long else 1)) for recipe in recipes)


def _moments(folder: Path, long: bool) -> Iterator[Case]:
    recipes = _recipes(folder, long)[: None if long else 1]
    return chain.from_iterable(killed_at_random(recipe, range(30 if long else 2)) for recipe in recipes)


def _damaged(folder: Path, long: bool) -> Iterator[Case]:
    if long:
        return damaged(Patient(folder), FILES, list(DAMAGES))
    return chain.from_iterable(
        damaged(Patient(folder / name), [name], [damage], QUICK_COMMANDS)
        for name, damage in (("last.safetensors", "a bit"), ("tokens.bin", "zeros"))
    )


def _bad_lines(folder: Path, long: bool) -> Iterator[Case]:
    if long:
        return bad_lines(Patient(folder), BAD_LINES)
    return bad_lines(Patient(folder), BAD_LINES[1:2], ["compare", "resume"])


KINDS: dict[str, Kind] = {
    KILLED: _killed(KILL),
    CUT_OFF: _killed(TORN),
    "no power: what is not synced is lost": _powerless(zeros=False),
    "no power: what is not synced is 0": _powerless(zeros=True),
    "killed again and again": _chains,
    "killed at a random moment": _moments,
    "an operation fails once (EIO)": _failing("EIO", lasting=False),
    **{f"all fail from one on ({error})": _failing(error, lasting=True) for error in ERRORS if error != "EIO"},
    "a damaged file, five commands": _damaged,
    "a bad line in the metrics": _bad_lines,
    "damaged ids": lambda folder, long: damaged_texts(Patient(folder), range(3000 if long else 100)),
    "divergence": lambda folder, long: exploding(
        Patient(folder),
        ("lstm", "gru", "gru-before", "tanh", "relu") if long else ("lstm",),
        (1.0, 30.0, 1e3, 1e10, 1e30, 1e38, 1e300) if long else (1e3,),
    ),
}
