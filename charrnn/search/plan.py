"""The file of a sweep: what its trials share, and what differs between them; docs/usage.md has an example."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.config import BUDGETS, KINDS, SETTINGS, Setting, check_names
from charrnn.errors import ConfigError, SettingError
from charrnn.hints import nearest
from charrnn.presets.loading import read_mapping

PARAMETERS = "parameters"
NO_PRESET = "none"
_VARIED = SETTINGS | {PARAMETERS: Setting("Weights of the network.", int, "Model", low=1)}
_COUNTS = {
    "samples": Setting("Random trials.", int, "Sweep", low=1),
    "seed": Setting("Seed of the draws.", int, "Sweep", low=0),
}
_SAMPLES, _SEED = 10, 1  # unless the file says otherwise
_SHIPPED = Path(__file__).with_name("sweeps")
_KEYS = ("corpus", "as", "preset", "base", "grid", "random", "best_of", *_COUNTS)
_DIGITS = 3  # digits of drawn numbers: precise enough for a search, short enough for a folder's name

Settings = dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """A search over settings.

    base: the settings of all trials, above those of the preset. points: for each trial, the settings in which it
    differs from the others. Both may contain `parameters`. best_of: settings of the points that are only a means, such
    as the learning rate when cells are compared; the table of cells shows the best trial over their values. kind: what
    the text is taken for, as in `TrainRequest`.
    """

    corpus: str
    preset: str
    base: Settings
    points: tuple[Settings, ...]
    best_of: tuple[str, ...] = ()
    kind: str | None = None


def sweep_names() -> list[str]:
    """The names of the sweeps that come with charrnn."""
    return sorted(path.stem for path in _SHIPPED.glob("*.yaml"))


def find_sweep(name: str) -> Path:
    """The file called `name`, or the sweep of that name that comes with charrnn.

    Raises:
        ConfigError: there is neither a file nor a sweep of this name.
    """
    if Path(name).exists():
        return Path(name)
    if name in sweep_names():
        return _SHIPPED / f"{name}.yaml"
    hint = nearest(name, sweep_names()) or f"; charrnn comes with the sweeps {', '.join(sweep_names())}"
    raise ConfigError(f"there is no file {name!r}{hint}")


def read_sweep(path: Path) -> Sweep:
    """Read a sweep's file.

    Raises:
        ConfigError: it cannot be read, or does not describe a sweep.
    """
    try:
        return _sweep(read_mapping(path), path)
    except SettingError as error:
        raise ConfigError(f"{path}: {error}") from None


def _sweep(plan: Settings, path: Path) -> Sweep:
    """The sweep that the content of the file at `path` describes."""
    check_names(plan, str(path), _KEYS)
    for key in ("corpus", "preset"):
        if not isinstance(plan.get(key, ""), str):
            raise ConfigError(f"{path}: {key} must be a name, not {plan[key]!r}")
    if plan.get("corpus", "-") == "-":
        raise ConfigError(f"{path}: corpus must name the text to learn, a file or one of charrnn corpora list")
    if plan.get("as") not in (None, *KINDS):
        raise ConfigError(f"{path}: as must be one of {', '.join(KINDS)}, not {plan['as']!r}")
    base, grid, random = (_settings(plan, key, path) for key in ("base", "grid", "random"))
    base = {name: _VARIED[name].check(name, value) for name, value in base.items()}
    best_of = plan.get("best_of", [])
    if not isinstance(best_of, list) or any(name not in [*grid, *random] for name in best_of):
        raise ConfigError(f"{path}: best_of must be a list of settings that grid: or random: vary, not {best_of!r}")
    if "cell" in best_of:
        raise ConfigError(
            f"{path}: cell cannot be in best_of, because each cell is a column of the table; leave it out"
        )
    points = tuple(_points(plan, grid, random, path))
    return Sweep(plan["corpus"], plan.get("preset", NO_PRESET), base, points, tuple(best_of), plan.get("as"))


def with_budget(sweep: Sweep, budget: Settings) -> Sweep:
    """The sweep with another budget for all its trials, or unchanged if `budget` is empty.

    Raises:
        ConfigError: the trials differ in their budgets.
    """
    varied = [name for name in BUDGETS if any(name in point for point in sweep.points)]
    if budget and varied:
        raise ConfigError(f"the trials differ in {varied[0]}; leave out --{next(iter(budget))}")
    kept = {name: value for name, value in sweep.base.items() if not budget or name not in BUDGETS}
    return replace(sweep, base=kept | budget)


def _settings(plan: Settings, key: str, path: Path) -> Settings:
    settings = plan.get(key) or {}
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: {key} must hold `setting: ...` lines, not {settings!r}")
    check_names(settings, f"{path}: {key}", _VARIED)
    return settings


def _points(plan: Settings, grid: Settings, random: Settings, path: Path) -> Iterator[Settings]:
    """Yield every combination of the grid with every draw."""
    if not grid and not random:
        raise ConfigError(f"{path} varies nothing; give a grid: or random:")
    if both := grid.keys() & random.keys():
        raise ConfigError(f"{path}: {min(both)} is both in grid and in random; leave one out")
    if not random and "samples" in plan:
        raise ConfigError(f"{path}: samples counts the draws of random:, which is missing; add it or leave samples out")
    lists = {name: _choices(name, values, f"{path}: grid") for name, values in grid.items()}
    draws = list(_draws(plan, random, path)) if random else [{}]
    for values in product(*lists.values()):
        for draw in draws:
            yield dict(zip(lists, values, strict=True)) | draw


def _choices(name: str, values: Any, where: str) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{where}: {name} must be a list such as [1, 2], not {values!r}")
    return [_VARIED[name].check(name, value) for value in values]


def _draws(plan: Settings, random: Settings, path: Path) -> Iterator[Settings]:
    """Yield the random trials, drawn one after the other: with more samples, the first ones stay the same."""
    counts = {"samples": _SAMPLES, "seed": _SEED} | {name: plan[name] for name in _COUNTS if name in plan}
    samples, seed = (_COUNTS[name].check(name, counts[name]) for name in _COUNTS)
    ranges = {name: _range(name, values, f"{path}: random") for name, values in random.items()}
    rng = np.random.default_rng(seed)
    for _ in range(samples):
        yield {name: _draw(name, values, rng) for name, values in ranges.items()}


def _range(name: str, values: Any, where: str) -> dict[str, Any] | list[Any]:
    """Check a list of choices, or `low`, `high` and `log`, and return it."""
    if not isinstance(values, dict):
        return _choices(name, values, where)
    check_names(values, f"{where}: {name}", ("low", "high", "log"))
    if _VARIED[name].type not in (int, float):
        raise ConfigError(f"{where}: {name} is not a number; give a list of values")
    if not {"low", "high"} <= values.keys():
        raise ConfigError(f"{where}: {name} needs both low and high")
    low, high = (_VARIED[name].check(name, values[end]) for end in ("low", "high"))
    log = values.get("log", False)
    if not isinstance(log, bool):
        raise ConfigError(f"{where}: {name}: log must be true or false, not {log!r}")
    if not low < high or (log and low <= 0):
        raise ConfigError(f"{where}: {name}: low must be below high{' and above 0' * log}, not {low:g} to {high:g}")
    return {"low": low, "high": high, "log": log}


def _draw(name: str, values: dict[str, Any] | list[Any], rng: np.random.Generator) -> Any:
    if isinstance(values, list):
        return values[rng.integers(len(values))]
    low, high = values["low"], values["high"]
    number = math.exp(rng.uniform(math.log(low), math.log(high))) if values["log"] else rng.uniform(low, high)
    number = min(max(float(f"{number:.{_DIGITS}g}"), low), high)
    return round(number) if _VARIED[name].type is int else number
