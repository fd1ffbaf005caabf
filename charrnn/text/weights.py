"""How often each file of a text is read."""

from charrnn.config import Config
from charrnn.text.source import Source


def weights_of(source: Source, config: Config) -> tuple[int, ...]:
    """How often the training part of each of `source.files` is read."""
    return (1,) * len(source.files)
