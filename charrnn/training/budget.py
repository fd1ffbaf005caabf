"""How long a run trains: so many updates, so many passes over the text, or so much time."""

from dataclasses import dataclass

from charrnn.config import BUDGETS, Config


@dataclass(frozen=True)
class Budget:
    """Either `steps` or `seconds` is set."""

    steps: int | None
    seconds: float | None
    text: str

    @classmethod
    def of(cls, config: Config, chunks_per_epoch: float) -> "Budget":
        """The budget that `config` gives; one of epochs, steps and minutes is set in it."""
        text = describe(config)
        if config.steps is not None:
            return cls(config.steps, None, text)
        if config.epochs is not None:
            steps = max(1, round(config.epochs * chunks_per_epoch / config.accumulate))
            return cls(steps, None, f"{text}, {_counted(steps, 'step')}")
        return cls(None, config.minutes * 60, text)

    def progress(self, step: int, seconds: float) -> float:
        """How much is used up, from 0 to 1, after `step` updates and `seconds` of training."""
        used = step / self.steps if self.steps is not None else seconds / self.seconds
        return min(used, 1.0)


def describe(config: Config) -> str:
    """The one of epochs, steps and minutes that is set in `config`, as 3 epochs."""
    name = next(name for name in BUDGETS if getattr(config, name) is not None)
    return _counted(getattr(config, name), name.removesuffix("s"))


def _counted(number: float, thing: str) -> str:
    return f"{number:g} {thing}{'' if number == 1 else 's'}" if number < 1e6 else f"{number:.0f} {thing}s"
