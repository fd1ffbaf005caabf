"""What pyproject.toml declares to installers."""

import tomllib
from itertools import combinations
from pathlib import Path

from charrnn.device.backend import INSTALL_CUPY

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))


def test_extras_with_different_cupys_are_declared_to_conflict():
    extras = PROJECT["project"]["optional-dependencies"]
    cupy = {name: wanted[0].split("[")[0].split(">")[0] for name, wanted in extras.items() if "cupy" in wanted[0]}
    declared = {frozenset(each["extra"] for each in pair) for pair in PROJECT["tool"]["uv"]["conflicts"]}
    assert declared == {frozenset(pair) for pair in combinations(cupy, 2) if cupy[pair[0]] != cupy[pair[1]]}


def test_hints_name_what_the_extras_hold():
    extras = PROJECT["project"]["optional-dependencies"]
    for name in ("cuda12", "cuda13"):
        assert all(f"'{wanted}'" in INSTALL_CUPY for wanted in extras[name])
    assert [wanted.split(">")[0] for wanted in extras["peers"]] == ["torch"]
