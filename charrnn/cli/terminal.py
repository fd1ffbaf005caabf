"""Text from a model or a file on its way to a terminal, which obeys what is in it."""

import sys

from charrnn.view.wording import harmless


def printable(text: str) -> str:
    """`text` as standard output gets it: as it is, but on a terminal with escapes for what would move the cursor."""
    return harmless(text) if sys.stdout.isatty() else text
