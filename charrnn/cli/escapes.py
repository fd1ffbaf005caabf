"""Text on the command line that was typed with escapes such as \\n, which most shells pass on unchanged."""

from charrnn.errors import OptionError
from charrnn.runs.model import Model
from charrnn.text.escapes import spelled, unescaped
from charrnn.text.known_records import occurs
from charrnn.view.terminal import note


def understood_prime(prime: str, model: Model) -> str:
    """`prime`, with its escapes understood if no backslash can be meant, because the run's text has none."""
    plain = unescaped(prime, of_bytes=model.config.bytes)
    if plain == prime or _has(model, "\\"):
        return prime
    return _said("--prime", prime, plain, "the run's text has no backslash")


def understood_stop(stop: str, model: Model) -> str:
    """`stop`, with its escapes understood if it can never come as typed, or has never come in the run's text.

    Raises:
        OptionError: a character of it is not in the vocabulary.
    """
    plain = unescaped(stop, of_bytes=model.config.bytes)
    if plain != stop:
        if not _has(model, "\\"):
            stop = _said("--stop", stop, plain, "the run's text has no backslash")
        elif not _has(model, stop) and _has(model, plain):
            stop = _said("--stop", stop, plain, "the run's text has that")
    for character in stop:
        if model.vocabulary.count_unseen(character):
            raise OptionError(
                f"--stop {stop!r} can never come: the character {character!r} (U+{ord(character):04X}) "
                "is not in the vocabulary; leave it out"
            )
    return stop


def _has(model: Model, text: str) -> bool:
    """Whether the run's text has `text`; if the text is gone, whether the model could write it."""
    if model.vocabulary.count_unseen(text):
        return False
    tokens = model.tokens()
    return tokens is None or occurs(tokens, text)


def _said(option: str, typed: str, meant: str, why: str) -> str:
    note(f"note: {option} '{typed}' is read as {spelled(meant)}, as {why}")
    return meant
