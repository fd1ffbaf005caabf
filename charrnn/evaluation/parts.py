"""The text that a run learned from: its parts, and messages if the text is gone."""

import numpy as np

from charrnn.errors import CorpusError
from charrnn.hints import command
from charrnn.runs.model import Model
from charrnn.text.tokens import Tokens

PARTS = {"train": "the training part", "val": "the held-out part", "test": "the test part"}


def own_part(model: Model, part: str) -> np.ndarray:
    """The ids of a part of the text that the run learned from; `part` is a key of PARTS.

    Raises:
        CorpusError: the text is no longer in the run's folder, or the part is empty.
    """
    tokens = model.tokens()
    if tokens is None:
        raise CorpusError(
            f"{PARTS[part]} of the text that was stored beside {model.path} is gone, damaged or not readable; name "
            f"the text: {_with_file(model)}"
        )
    ids: np.ndarray = getattr(tokens.parts, part)
    if not len(ids):
        raise CorpusError(
            f"{model.path.parent} has no {part} part, as nothing was held out for it; name a text: {_with_file(model)}"
        )
    return ids


def learned_text(model: Model, purpose: str) -> Tokens:
    """The text that the run learned from; the message about a missing text begins with `purpose`.

    Raises:
        CorpusError: the text is no longer in the run's folder.
    """
    tokens = model.tokens()
    if tokens is None:
        again = command("train", "--resume", "--run", model.path.parent)
        raise CorpusError(
            f"{purpose} the text that {model.path} learned from, which is gone, damaged or not readable; {again} "
            "reads it again"
        )
    return tokens


def _with_file(model: Model) -> str:
    return command("eval", model.path.parent, "FILE")
