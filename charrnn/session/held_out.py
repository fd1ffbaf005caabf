"""What a new run holds out: files of their own, or a share of its text, and whether they are like what it learns."""

from collections.abc import Mapping, Sequence
from typing import Any

from charrnn.config import Config
from charrnn.errors import CorpusError, SettingError
from charrnn.hints import counted
from charrnn.session.request import COMMAND_LINE, with_parts
from charrnn.text.about import likeness, repetition
from charrnn.text.files import named_parts, weights
from charrnn.text.files.own_parts import PARTS
from charrnn.text.files.source import Source
from charrnn.text.tokens import Tokens
from charrnn.training.events import Notice

Layer = tuple[str, dict[str, Any]]  # who gives settings, and these settings
AS_TEXT = "--as text"  # gives no split of its own: it keeps order
FEWEST = 2  # characters of a part: one to read and one to predict


def layered(layers: Sequence[Layer], typed: Mapping[str, Any], source: Source | None) -> list[Layer]:
    """The layers of settings for `resolve`, `typed` last: a fraction that was typed replaces a file of a lower layer.

    If no layer says what to hold out, the names of the files of `source` may.

    Raises:
        SettingError: a file and a fraction were typed.
    """
    for part in PARTS:
        if (fraction := f"{part}_fraction") in typed and typed.get(part):
            why = f"has no effect beside {part} {typed[part]}, which is held out; leave one of them out"
            raise SettingError(f"{fraction} {why}", fraction, part)
    replaced = {part for part in PARTS if f"{part}_fraction" in typed}
    kept = [(name, {key: settings[key] for key in settings if key not in replaced}) for name, settings in layers]
    every = [*kept, (COMMAND_LINE, dict(typed))]
    given = {name for _, settings in every for name in settings}
    if source and not given & {"val", "test", "val_fraction", "test_fraction"}:
        return [("names of files", named_parts.suggested(source)), *every]
    return every


def chosen(source: Source, config: Config, given_by: Mapping[str, str]) -> tuple[Source, Config, list[Notice]]:
    """The text with the parts that `config` names; the settings, with blocks held out if the end is unlike the rest.

    Raises:
        CorpusError: a part cannot be read, is empty, or is the text itself.
        SettingError: weights fit no file.
    """
    whole, source = source, with_parts(source, config)
    notices = []
    if named_parts.BY_NAME in (config.val, config.test):
        notices.append(named_parts.notice(whole, source))
    if not any(given_by.get(f"{part}_fraction") == COMMAND_LINE for part in PARTS):
        notices.append(named_parts.pooled_notice(source))
    notices.append(weights.notice(weights.weights_of(source, config)))
    found = likeness.likeness_of(source, config)
    if found and found.unlike:
        choose = not source.val and given_by.get("split", AS_TEXT) == AS_TEXT
        notices.append(likeness.notice(found, config, chosen=choose))
        config = config.replace(split="blocks") if choose else config
    return source, config, [Notice(text) for text in notices if text]


def check(tokens: Tokens, config: Config) -> None:
    """Refuse a file of its own to validate or to test on that is too short.

    Raises:
        CorpusError: it has fewer than two characters.
    """
    for part in PARTS:
        if (name := getattr(config, part)) and len(ids := getattr(tokens.parts, part)) < FEWEST:
            raise CorpusError(f"--{part} {name} has {counted(len(ids), 'character')}; it needs at least {FEWEST}")


def repeated(tokens: Tokens, config: Config) -> list[Notice]:
    """A notice if much of what is held out is also learned, word for word."""
    found = repetition.repetition_of(tokens, config)
    return [Notice(repetition.notice(found, config))] if found and found.much else []
