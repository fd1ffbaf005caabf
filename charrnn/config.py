"""Every setting of a training run, declared once.

The options of the command line, the keys of presets and configuration files, the checks, the help texts and the
command reference are all read from the fields of `Config`. This module imports nothing heavy, so that `--help` is fast.
"""

import dataclasses
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast

from charrnn.cells.registry import ALIASES, CELLS
from charrnn.errors import ConfigError, SettingError
from charrnn.hints import nearest

OPTIMIZERS = ("adam", "adamw", "rmsprop", "adagrad", "momentum", "sgd")
SCHEDULES = ("cosine", "constant", "step", "plateau")
DROPOUT_MASKS = ("step", "chunk")
AVERAGES = ("none", "ema", "polyak")
PRECISIONS = ("tf32", "float32", "bf16")
CLIP_MODES = ("norm", "value")
DIVERGENCES = ("stop", "rollback")
SPLITS = ("contiguous", "blocks", "unique-lines", "lines", "interleaved")
LISTS = ("unique-lines", "lines")  # splits of texts whose lines, or other records, are independent of each other
KINDS = ("text", "list", "records")  # what a text can be taken for
READING = ("bytes", "encoding", "errors", "newlines", "normalize", "between", "separator")
_HELD_OUT = ("split", "val_fraction", "test_fraction", "val", "test", *READING)
NEWLINES = ("keep", "lf")
NORMAL_FORMS = ("none", "nfc", "nfd")
DECODE_ERRORS = ("strict", "replace", "ignore")

# A run has one of these budgets; giving one unsets those that came from a source of lower precedence.
BUDGETS = ("epochs", "steps", "minutes")
DEFAULT_MINUTES = 3.0
_MOST_HELD_OUT = 0.9
# Limits of sizes and lengths: beyond any machine's memory and anyone's time, but far below what integers can hold.
_LARGEST, _LONGEST = 1_000_000, 1_000_000_000
_COUNTABLE = 2**63 - 1


@dataclass(frozen=True)
class Setting:
    """The help text of a setting and the limits of its values; `Config` has its default."""

    help: str
    type: type
    group: str
    choices: tuple[str, ...] = ()  # in lower case
    aliases: Mapping[str, str] = field(default_factory=dict)  # other names of choices
    low: float | None = None
    high: float | None = None
    open_low: bool = False  # the lowest value itself is not allowed
    frozen: bool = False  # a resumed run cannot change it

    def check(self, name: str, value: Any) -> Any:
        """`value` in the setting's type and its canonical spelling.

        Raises:
            SettingError: the setting `name` cannot have this value.
        """
        value = self._converted(name, value)
        if self.choices:
            return self._chosen(name, value)
        if self.low is not None and not (value > self.low if self.open_low else value >= self.low):
            least = f"{'above' if self.open_low else 'at least'} {_shown(self.low)}"
            raise SettingError(f"{name} must be {least}, not {_shown(value)}", name)
        if self.high is not None and not value <= self.high:
            raise SettingError(f"{name} must be at most {_shown(self.high)}, not {_shown(value)}", name)
        return value

    def canonical(self, value: str) -> str:
        """The choice that `value` means: case does not matter, and an alias stands for its choice."""
        folded = value.casefold()
        return self.aliases.get(folded, folded)

    def _converted(self, name: str, value: Any) -> Any:
        kinds = (int, float) if self.type in (int, float) else (self.type,)
        fits = isinstance(value, kinds) and (self.type is bool or not isinstance(value, bool))
        if not fits:
            raise SettingError(f"{name} must be {_TYPE_NAMES[self.type]}, not {value!r}", name)
        if isinstance(value, float) and not math.isfinite(value):
            raise SettingError(f"{name} must be finite, not {value}", name)
        if self.type is int and value % 1:
            raise SettingError(f"{name} must be a whole number, not {value!r}", name)
        try:
            return self.type(value)
        except OverflowError:
            raise SettingError(f"{name} is too large a number", name) from None

    def _chosen(self, name: str, value: str) -> str:
        choice = self.canonical(value)
        if choice not in self.choices:
            choices = ", ".join(self.choices)
            raise SettingError(f"{name} {value!r} is not one of {choices}{nearest(choice, self.choices)}", name)
        return choice


_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def _shown(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)  # every digit of an integer


def _setting(default: Any, help: str, group: str, type_: type | None = None, **limits: Any) -> Any:
    kind = type_ or type(default)
    if kind is int:
        limits.setdefault("high", _COUNTABLE)
    setting = Setting(help, kind, group, **limits)
    return field(default=default, metadata={"setting": setting})


def _model(default: Any, help: str, **limits: Any) -> Any:
    return _setting(default, help, "Model", frozen=True, **limits)


def _other_names(aliases: Mapping[str, str]) -> str:
    names: dict[str, list[str]] = {}
    for alias, choice in aliases.items():
        names.setdefault(choice, []).append(alias)
    return "".join(f"; {', '.join(others)} stand for {choice}" for choice, others in names.items())


def _text(default: Any, help: str, **limits: Any) -> Any:
    return _setting(default, help, "Text", frozen=True, **limits)


def _training(default: Any, help: str, **limits: Any) -> Any:
    return _setting(default, help, "Training", **limits)


def _regularization(default: Any, help: str, **limits: Any) -> Any:
    return _setting(default, help, "Regularization", **limits)


def _budget(help: str, type_: type, **limits: Any) -> Any:
    return _setting(None, help, "Length of training (one of)", type_, **limits)


def _watching(default: Any, help: str, **limits: Any) -> Any:
    return _setting(default, help, "Watching it learn", **limits)


@dataclass(frozen=True)
class Config:
    """All settings of a run.

    Raises:
        SettingError: a value is outside its limits, or values conflict.
    """

    cell: str = _model("lstm", f"Recurrent cell{_other_names(ALIASES)}.", choices=tuple(CELLS), aliases=ALIASES)
    hidden_size: int = _model(128, "Units in each layer.", low=1, high=_LARGEST)
    num_layers: int = _model(2, "Recurrent layers.", low=1, high=1000)
    embedding_size: int = _model(
        0, "Size of a learned embedding; 0 feeds characters as one-hot vectors.", low=0, high=_LARGEST
    )

    epochs: float | None = _budget("Passes over the training text.", float, low=0, open_low=True, high=_LONGEST)
    steps: int | None = _budget("Updates of the weights.", int, low=1, high=_LONGEST)
    minutes: float | None = _budget(
        "Time, including evaluations. If none of the three is given, the preset decides; without a preset it is "
        f"{DEFAULT_MINUTES:g} minutes.",
        float,
        low=0,
        open_low=True,
        high=_LONGEST,
    )

    seq_len: int = _training(
        50, "Characters through which gradients flow back (truncated BPTT).", low=1, high=_LARGEST, frozen=True
    )
    batch_size: int = _training(50, "Streams of text read in parallel.", low=1, high=_LARGEST, frozen=True)
    batch_ramp: int = _training(
        1,
        "Begin with batch_size divided by this power of 2, and double it at equal intervals of the run.",
        low=1,
        high=_LARGEST,
        frozen=True,
    )
    random_lengths: bool = _training(False, "Cut streams into chunks of random length, at most seq_len.", frozen=True)
    accumulate: int = _training(
        1, "Chunks whose gradients are averaged for one update.", low=1, high=_LARGEST, frozen=True
    )
    optimizer: str = _training("adam", "Optimizer.", choices=OPTIMIZERS, frozen=True)
    learning_rate: float = _training(2e-3, "Highest learning rate.", low=0, open_low=True)
    schedule: str = _training("cosine", "Learning-rate schedule.", choices=SCHEDULES)
    warmup: float = _training(0.02, "Share of the run during which the cosine schedule rises.", low=0, high=1)
    final_rate: float = _training(0.05, "Share of the learning rate at which the cosine schedule ends.", low=0, high=1)
    decay: float = _training(
        0.97,
        "Factor applied to the learning rate: per epoch (step) or per cut (plateau).",
        low=0,
        high=1,
        open_low=True,
    )
    decay_after: float = _training(10.0, "Epoch after which the step schedule begins to decay.", low=0)
    plateau_patience: int = _training(
        2, "Evaluations without progress before the plateau schedule cuts the rate.", low=1
    )
    grad_clip: float = _training(5.0, "Gradient clipping threshold; 0 does not clip.", low=0)
    grad_clip_mode: str = _training(
        "norm", "Clip the norm of all gradients together, or each value.", choices=CLIP_MODES
    )
    patience: int = _training(0, "Stop after this many evaluations without progress; 0 never stops early.", low=0)
    precision: str = _training(
        "tf32",
        "Precision of matrix products. tf32: 10-bit factors on GPUs and for sampling on CPUs, float32 elsewhere; "
        "bf16: 7-bit factors, on GPUs and on CPUs with AVX512_BF16.",
        choices=PRECISIONS,
    )
    on_divergence: str = _training(
        "stop",
        "If training diverges: stop, or roll back to the last good checkpoint and halve the rate, three times at most.",
        choices=DIVERGENCES,
    )
    seed: int = _training(1, "Seed of initial weights, dropout and samples.", low=0, high=_COUNTABLE, frozen=True)

    dropout: float = _regularization(
        0.0, "Share of values dropped between layers. All dropout is rounded to the nearest 1/256.", low=0, high=0.95
    )
    dropout_input: float = _regularization(
        0.0, "Share of the vocabulary that is hidden from each stream for a chunk.", low=0, high=0.95
    )
    dropout_output: float = _regularization(0.0, "Share of values dropped after the last layer.", low=0, high=0.95)
    dropout_weights: float = _regularization(0.0, "Share of recurrent weights dropped for a chunk.", low=0, high=0.95)
    dropout_mask: str = _regularization(
        "step",
        "Draw masks between and after layers for each time step, or once per chunk (variational).",
        choices=DROPOUT_MASKS,
    )
    weight_decay: float = _regularization(0.0, "Decay of the weight matrices: decoupled with adamw, else L2.", low=0)
    activation_penalty: float = _regularization(0.0, "Penalty on large outputs of the last layer.", low=0)
    temporal_penalty: float = _regularization(0.0, "Penalty on the change of those outputs between time steps.", low=0)
    label_smoothing: float = _regularization(
        0.0, "Share of the target's probability that is spread over all characters.", low=0, high=0.9
    )
    average: str = _regularization(
        "none",
        "Evaluate and save an average of the weights: exponential, or the mean of the last part of the run.",
        choices=AVERAGES,
        frozen=True,
    )
    average_decay: float = _regularization(
        0.999, "Share of the exponential average that is kept at each step.", low=0, high=1
    )
    average_after: float = _regularization(
        0.5, "Share of the run after which the polyak average begins.", low=0, high=1
    )

    bytes: bool = _text(False, "Read bytes instead of characters; any file will do.")
    encoding: str = _text("utf-8", "Encoding of the text.")
    errors: str = _text("strict", "What to do with bytes that are not valid in the encoding.", choices=DECODE_ERRORS)
    newlines: str = _text("keep", "Keep CRLF, CR and other line ends, or turn them into LF.", choices=NEWLINES)
    normalize: str = _text(
        "none",
        "Unicode normal form: one character for a letter with its accent (nfc), or two (nfd).",
        choices=NORMAL_FORMS,
    )
    vocab_min: int = _text(
        1, "Characters that occur less often become one unknown symbol, which is learned and never drawn.", low=1
    )
    glob: str = _text("**/*", "Files to read from a folder.")
    between: str = _text(
        "",
        "Put this string between files; without it, a file that lacks its last newline gets one. Escapes such as \\n "
        "are understood.",
    )
    separator: str = _text(
        "",
        "The string that ends a record, with --as records; escapes such as \\n are understood. Where a string begins a "
        "record, as > does in FASTA, it is the end of the one before ('\\n>'), and drawn records lack it.",
    )
    weight: str = _text(
        "",
        "Learn from some files N times in each epoch: GLOB=N, or several with commas, of which the last that fits "
        "a file counts.",
    )
    val: str = _text(
        "",
        "File or folder to validate on, instead of a share of the text; by-name: the files of the text that are "
        "called valid, dev or the like.",
    )
    test: str = _text("", "File or folder to test on, instead of a share of the text; by-name: those called test.")
    val_fraction: float = _text(0.1, "Share of the text held out for validation.", low=0, high=0.9)
    test_fraction: float = _text(
        0.0, "Share held out for testing, which only eval --split test reads.", low=0, high=0.9
    )
    split: str = _text(
        "contiguous",
        "What is held out: the end of the text (contiguous); blocks from all over it (blocks); lines or records that "
        "occur nowhere else in it (unique-lines); any of them (lines, as in makemore); the end of each stream "
        "(interleaved, as in char-rnn).",
        choices=SPLITS,
    )

    eval_every: int = _watching(0, "Steps between evaluations; 0 spreads up to twenty over the run.", low=0)
    eval_chars: int = _watching(200_000, "Largest number of held-out characters to read in each evaluation.", low=2)
    sample_length: int = _watching(
        120, "Length of the sample shown after each evaluation, on a terminal and in --json; 0 shows none.", low=0
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None or each.default is not None:
                object.__setattr__(self, each.name, each.metadata["setting"].check(each.name, value))
        if self.normalize != "none":  # what is sought in a text, and put into it, has the form of the text
            for name in ("separator", "between"):
                form = cast(Literal["NFC", "NFD"], self.normalize.upper())
                object.__setattr__(self, name, unicodedata.normalize(form, getattr(self, name)))
        self._check_together()

    def _check_together(self) -> None:
        if self.val_fraction + self.test_fraction > _MOST_HELD_OUT:
            raise SettingError(
                f"val_fraction {self.val_fraction:g} and test_fraction {self.test_fraction:g} leave too little to "
                f"learn from; together they must be at most {_MOST_HELD_OUT:g}",
                *("val_fraction", "test_fraction"),
            )
        if self.batch_ramp & (self.batch_ramp - 1):
            raise SettingError(
                f"batch_ramp must be a power of 2, not {self.batch_ramp}: the batch doubles", "batch_ramp"
            )
        if self.batch_ramp > 1 and self.split == "interleaved":
            raise SettingError(
                "batch_ramp cannot be combined with split interleaved, which holds out the end of each stream and "
                "therefore needs a fixed number of streams; leave one of them out",
                *("batch_ramp", "split"),
            )
        given = [name for name in BUDGETS if getattr(self, name) is not None]
        if len(given) > 1:
            raise SettingError(f"{' and '.join(given)} each limit the length of the run; give only one", *given)

    def replace(self, **changes: Any) -> "Config":
        """A copy with `changes`; a budget among them replaces the current one."""
        return Config(**_merge(dataclasses.asdict(self), changes))

    def to_dict(self) -> dict[str, Any]:
        """All settings by name."""
        return dataclasses.asdict(self)


SETTINGS: dict[str, Setting] = {each.name: each.metadata["setting"] for each in fields(Config)}


def _merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    if any(upper.get(name) is not None for name in BUDGETS):
        merged.update(dict.fromkeys(BUDGETS))
    merged.update(upper)
    return merged


def held_out_by(split: str) -> tuple[str, ...]:
    """The settings that determine which characters of a text a split holds out."""
    return (*_HELD_OUT, *(("seed",) if split in LISTS else ("batch_size",) if split == "interleaved" else ()))


def check_names(names: Any, source: str, known: Any = SETTINGS) -> None:
    """Raise ConfigError if one of `names` is not `known`; the message suggests the nearest."""
    for name in names:
        if name not in known:
            raise ConfigError(f"{source}: there is no setting {name!r}{nearest(name, known)}")


def resolve(*sources: tuple[str, Mapping[str, Any]]) -> tuple[Config, dict[str, str]]:
    """Merge settings over the defaults; `sources` are (name, settings), the one with the lowest precedence first.

    Returns the configuration, and for each setting that is not a default the name of the source that gave it.

    Raises:
        ConfigError: a setting is unknown, or its value is invalid.
    """
    merged: dict[str, Any] = {}
    given_by: dict[str, str] = {}
    for source, settings in sources:
        check_names(settings, source)
        merged = _merge(merged, settings)
        given_by.update(dict.fromkeys(settings, source))
    if all(merged.get(name) is None for name in BUDGETS):
        merged["minutes"] = DEFAULT_MINUTES
    return Config(**merged), {name: source for name, source in given_by.items() if merged[name] is not None}
