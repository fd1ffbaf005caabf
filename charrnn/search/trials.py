"""The trials of a sweep: their settings, their folders, and the commands that train them."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from charrnn.config import SETTINGS, Config, resolve
from charrnn.errors import ConfigError, DamagedError
from charrnn.network.shape import Shape
from charrnn.presets import load_preset
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.search.plan import PARAMETERS, Settings, Sweep
from charrnn.session import open_corpus
from charrnn.session.kind import Layer, settle
from charrnn.text.reading.configured import vocabulary_of
from charrnn.text.reading.reader import Reader
from charrnn.text.reading.separator import mean_the_same
from charrnn.training.budget import describe

_LONGEST_NAME = 200
_WIDEST = 1 << 20  # units of a layer


@dataclass(frozen=True)
class Trial:
    """One run of a sweep.

    settings: the settings that the sweep gives. config: all settings, with those of the preset and the defaults. point:
    the settings in which the trials differ. parameters: the number of weights, if the sweep asks for one. budget: how
    long it trains, in words. kind: what the text is taken for, as in `TrainRequest`.
    """

    run: Run
    corpus: str
    preset: str
    settings: Settings
    config: Config
    point: Settings = field(default_factory=dict)
    parameters: int | None = None
    budget: str = ""
    kind: str | None = None

    @property
    def log(self) -> Path:
        """The file with the output of training, beside the run's folder."""
        return self.run.folder.with_name(self.run.folder.name + ".log")

    def is_finished(self) -> bool:
        """Whether there is nothing left to train.

        Raises:
            ConfigError: the folder holds another run, with other settings or another text.
        """
        if not self.run.last.is_file():
            return False
        try:
            saved = checkpoint.load(self.run.last)
        except DamagedError:  # --resume sets it aside
            return False
        there, defaults = {"corpus": saved.corpus.argument} | saved.config, Config().to_dict()
        for name, value in ({"corpus": self.corpus} | self.config.to_dict()).items():
            fitted = name == "batch_size" and there[name] < value  # a short text makes it smaller
            chosen = name in ("split", "val", "test") and name not in self.settings and value == defaults[name]
            understood = name in ("separator", "between") and mean_the_same(value, there[name])
            if there[name] != value and not (fitted or chosen or understood):  # chosen by what the text is like
                raise ConfigError(
                    f"{self.run.folder} was made with {name} {there[name]}, not {value}; --folder DIR starts another "
                    "sweep"
                )
        return saved.progress.ended is not None

    def command(self, device: str = "auto", kernel: str = "auto", threads: int | None = None) -> list[str]:
        """The arguments of `charrnn` that train it, or continue its training."""
        where = ["--run", str(self.run.folder)]
        for option, value in (("--device", device), ("--kernel", kernel), ("--threads", threads)):
            where += [option, str(value)] if value not in ("auto", None) else []
        if self.run.has_checkpoint:
            return ["train", "--resume", *where]
        kind = ["--as", self.kind] if self.kind else []
        return ["train", self.corpus, "--preset", self.preset, *kind, *where, *as_options(self.settings)]


def make_trials(sweep: Sweep, folder: Path) -> list[Trial]:
    """The distinct trials of a sweep.

    Raises:
        ConfigError: settings contradict each other, or the folder is that of a run.
        CorpusError: a number of parameters is asked for, which depends on the characters of a text that cannot be read.
    """
    if Run(folder).last.is_file() or (folder / "config.yaml").is_file():
        raise ConfigError(f"{folder} is the folder of a run, not of a sweep; choose another with --folder DIR")
    return list({_name(point): _trial(sweep, point, folder) for point in sweep.points}.values())


def _name(point: Settings) -> str:
    """The name of a trial's folder: equal settings always have the same one, so that a sweep can grow."""
    shown = (f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in point.items())
    name = re.sub(r"[^\w.,=+-]+", "-", ",".join(shown))
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}-{crc32(name.encode()):08x}"


def _trial(sweep: Sweep, point: Settings, folder: Path) -> Trial:
    """The trial of a point; `parameters` becomes `hidden_size`."""
    given = sweep.base | point
    if PARAMETERS in given and "hidden_size" in given:
        raise ConfigError("hidden_size and parameters both set the size of the network; give only one of them")
    below = ("preset", load_preset(sweep.preset))
    upper = [
        ("sweep", {name: value for name, value in settings.items() if name != PARAMETERS})
        for settings in (sweep.base, point)
    ]
    config, given_by = resolve(below, _settled(sweep, [below, *upper]), *upper)
    settings = {name: getattr(config, name) for name, source in given_by.items() if source == "sweep"}
    parameters = None
    if PARAMETERS in given:
        vocab_size = _vocab_size(sweep.corpus, config)
        settings["hidden_size"] = hidden_size(given[PARAMETERS], config, vocab_size)
        config = config.replace(hidden_size=settings["hidden_size"])
        parameters = Shape.of(config, vocab_size).size
    run = Run(folder / _name(point))
    return Trial(run, sweep.corpus, sweep.preset, settings, config, point, parameters, describe(config), sweep.kind)


def _settled(sweep: Sweep, layers: Sequence[Layer]) -> Layer:
    """The settings that `charrnn train` will choose by what the text is taken for; those of the sweep win."""
    typed = {name: value for _, settings in layers[1:] for name, value in settings.items()}
    needs_files = sweep.kind == "records" and not typed.get("separator")
    source = open_corpus((sweep.corpus,), resolve(layers[0], ("sweep", typed))[0]) if needs_files else None
    return settle(sweep.kind, [layers[0], ("sweep", typed)], source)


def hidden_size(parameters: int, config: Config, vocab_size: int) -> int:
    """The units per layer that bring the network of `config` closest to this number of parameters.

    Raises:
        ConfigError: the network has more parameters even with a single unit.
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
    text_settings = {name: getattr(config, name) for name, setting in SETTINGS.items() if setting.group == "Text"}
    return _count_characters(corpus, Config(**text_settings))


@cache
def _count_characters(corpus: str, config: Config) -> int:
    return vocabulary_of(Reader(open_corpus((corpus,), config)), config).size


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
