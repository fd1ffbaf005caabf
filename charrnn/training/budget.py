"""How long a run trains: a number of updates, a number of passes over the text, or an amount of time."""

from dataclasses import dataclass

import numpy as np

from charrnn.config import BUDGETS, Config


@dataclass(frozen=True)
class StepBudget:
    """A budget in updates: the run then depends on nothing but its settings and its text."""

    text: str
    steps: int

    def progress(self, step: int, seconds: float) -> float:
        """The share used up, from 0 to 1, after `step` updates."""
        return min(step / self.steps, 1.0)


@dataclass(frozen=True)
class TimeBudget:
    """A budget in time, evaluations included."""

    text: str
    seconds: float

    def progress(self, step: int, seconds: float) -> float:
        """The share used up, from 0 to 1, after `seconds` of the run."""
        return min(seconds / self.seconds, 1.0)


Budget = StepBudget | TimeBudget


def build(config: Config, chunks_per_epoch: float) -> Budget:
    """The budget that the configuration names; one of epochs, steps and minutes is set in it."""
    text = describe(config)
    if config.minutes is not None:
        return TimeBudget(text, config.minutes * 60)
    if config.steps is not None:
        return StepBudget(text, config.steps)
    assert config.epochs is not None
    steps = max(1, round(config.epochs * chunks_per_epoch / config.accumulate))
    return StepBudget(f"{text}, {_counted(steps, 'step')}", steps)


def describe(config: Config) -> str:
    """The budget of `config` in words, such as 3 epochs."""
    name = next(name for name in BUDGETS if getattr(config, name) is not None)
    return _counted(getattr(config, name), name.removesuffix("s"))


def _counted(number: float, thing: str) -> str:
    shown = np.format_float_positional(number, 6, fractional=False, trim="-") if number < 1e6 else f"{number:.0f}"
    return f"{shown} {thing}{'' if number == 1 else 's'}"
