"""Refuses text on the command line that was typed with escapes such as \\n, which most shells pass on unchanged."""

import re

from charrnn.errors import OptionError
from charrnn.text.vocabulary import UNKNOWN, Vocabulary

_ESCAPE = re.compile(r"\\[abefnrtvxuU0-7]")


def refuse_escapes(option: str, text: str, vocabulary: Vocabulary) -> None:
    r"""Refuse escapes in the value of `option` if no backslash can be meant, because the model does not know it.

    Raises:
        OptionError: `text` has a backslash and a letter where the user means, say, a line feed.
    """
    escapes = _ESCAPE.findall(text)
    if not escapes or not vocabulary.count_unseen("\\"):
        return
    *others, last = dict.fromkeys("".join(escapes))
    typed = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    quoted = typed.replace("'", r"\'")
    raise OptionError(
        f"{option} '{typed}' has the characters {', '.join(others)} and {last}; in bash type {option} $'{quoted}'"
    )


def refuse_unknown_stop(stop: str, vocabulary: Vocabulary) -> None:
    """Refuse a stop string that can never come.

    Raises:
        OptionError: a character of `stop` is not in the vocabulary.
    """
    refuse_escapes("--stop", stop, vocabulary)
    for character in stop:
        if vocabulary.has_unknown and character == UNKNOWN:
            raise OptionError(f"--stop {stop!r} can never come: the unknown symbol U+FFFD is never drawn; leave it out")
        if vocabulary.count_unseen(character):
            raise OptionError(
                f"--stop {stop!r} can never come: the character {character!r} (U+{ord(character):04X}) "
                "is not in the vocabulary; leave it out"
            )
