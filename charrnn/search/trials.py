"""The runs of a sweep: their settings, their folders, and the commands that train them."""

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from charrnn.config import SETTINGS, Config, resolve
from charrnn.errors import ConfigError
from charrnn.network.shape import Shape
from charrnn.presets import load_preset
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.search.plan import PARAMETERS, Settings, Sweep
from charrnn.session import open_corpus
from charrnn.text.reader import Reader
from charrnn.text.vocabulary import collect
from charrnn.training.budget import describe

_LONGEST_NAME = 200
_WIDEST = 1 << 20  # units of a layer


@dataclass(frozen=True)
class Trial:
    """One run of a sweep; `settings` are those that the sweep gives, `point` those in which its trials differ.

    `config` is what these and the preset come to. `parameters` is the number of weights, where that was asked for;
    `budget` says how long it is trained.
    """

    run: Run
    corpus: str
    preset: str
    settings: Settings
    config: Config
    point: Settings = field(default_factory=dict)
    parameters: int | None = None
    budget: str = ""

    @property
    def log(self) -> Path:
        """Beside the run's folder: what training had to say."""
        return self.run.folder.with_name(self.run.folder.name + ".log")

    def is_finished(self) -> bool:
        """Whether there is nothing left to train.

        Raises:
            ConfigError: the run that is there is another one, of other settings or another text.
        """
        if not self.run.last.is_file():
            return False
        saved = checkpoint.load(self.run.last)
        there = {"corpus": saved.corpus.argument} | saved.config
        for name, value in ({"corpus": self.corpus} | self.config.to_dict()).items():
            fitted = name == "batch_size" and there[name] < value  # training shrinks it for a short text
            if there[name] != value and not fitted:
                raise ConfigError(
                    f"{self.run.folder} was made with {name} {there[name]}, not {value}; --folder DIR "
                    "begins another sweep"
                )
        return saved.progress.ended is not None

    def command(self, device: str = "auto", kernel: str = "auto", threads: int | None = None) -> list[str]:
        """The arguments of `charrnn` that train it, or go on with its training."""
        where = ["--run", str(self.run.folder)]
        for option, value in (("--device", device), ("--kernel", kernel), ("--threads", threads)):
            where += [option, str(value)] if value not in ("auto", None) else []
        if self.run.last.is_file():
            return ["train", "--resume", *where]
        if self.run.metrics.exists():  # stopped before its first checkpoint
            where.append("--force")
        return ["train", self.corpus, "--preset", self.preset, *where, *as_options(self.settings)]


def make_trials(sweep: Sweep, folder: Path) -> list[Trial]:
    """All trials of a sweep, each different one once.

    Raises:
        ConfigError: settings that cannot go together, or a folder that is a run's own.
        CorpusError: the text cannot be read, where its characters must be counted to come to so many parameters.
    """
    if Run(folder).last.is_file() or (folder / "config.yaml").is_file():
        raise ConfigError(f"{folder} is the folder of a run, not of a sweep's runs; --folder DIR goes elsewhere")
    return list({_name(point): _trial(sweep, point, folder) for point in sweep.points}.values())


def _name(point: Settings) -> str:
    """What a trial's folder is called: the same settings always have the same name, so that a sweep can grow."""
    shown = (f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in point.items())
    name = re.sub(r"[^\w.,=+-]+", "-", ",".join(shown))
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}-{crc32(name.encode()):08x}"


def _trial(sweep: Sweep, point: Settings, folder: Path) -> Trial:
    """With the settings that its preset does not give; `parameters` has become `hidden_size`."""
    given = sweep.base | point
    if PARAMETERS in given and "hidden_size" in given:
        raise ConfigError("hidden_size and parameters both set the size of a network; give one of them")
    below = ("preset", load_preset(sweep.preset))
    upper = [
        ("sweep", {name: value for name, value in settings.items() if name != PARAMETERS})
        for settings in (sweep.base, point)
    ]
    config, origins = resolve(below, *upper)
    settings = {name: getattr(config, name) for name, origin in origins.items() if origin == "sweep"}
    parameters = None
    if PARAMETERS in given:
        vocab_size = _vocab_size(sweep.corpus, config)
        settings["hidden_size"] = hidden_size(given[PARAMETERS], config, vocab_size)
        config = config.replace(hidden_size=settings["hidden_size"])
        parameters = Shape.of(config, vocab_size).size
    run = Run(folder / _name(point))
    return Trial(run, sweep.corpus, sweep.preset, settings, config, point, parameters, describe(config))


def hidden_size(parameters: int, config: Config, vocab_size: int) -> int:
    """The units a layer with which the network of `config` comes nearest to so many parameters.

    Raises:
        ConfigError: with a single unit it has more.
    """
    shape = Shape.of(config, vocab_size)

    def size(units: int) -> int:
        return replace(shape, hidden_size=units).size

    if parameters < size(1):
        raise ConfigError(f"{parameters} parameters are too few: {replace(shape, hidden_size=1)} has {size(1)}")
    above = bisect_left(range(_WIDEST), parameters, lo=1, key=size)
    return min((above, max(above - 1, 1)), key=lambda units: abs(size(units) - parameters))


def _vocab_size(corpus: str, config: Config) -> int:
    if config.bytes:
        return 256
    return _count_characters(corpus, config.glob, config.encoding, config.errors, config.newlines)


@cache
def _count_characters(corpus: str, glob: str, encoding: str, errors: str, newlines: str) -> int:
    reader = Reader(open_corpus((corpus,), Config(glob=glob, encoding=encoding)))
    return len(collect(reader.text(encoding=encoding, errors=errors, newlines=newlines)))


def as_options(settings: Settings) -> list[str]:
    """The options of `charrnn train` that give `settings`."""
    options: list[str] = []
    for name, value in settings.items():
        flag = f"--{name.replace('_', '-')}"
        if SETTINGS[name].type is bool:
            options += [flag] if value else []
        else:
            options += [flag, _shown(value)]
    return options


def _shown(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
