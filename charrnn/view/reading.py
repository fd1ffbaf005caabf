"""What a trained model made of a text that it was given, as notes."""

from charrnn.hints import counted
from charrnn.runs.model import EncodedText
from charrnn.view.terminal import note


def note_reading(text: EncodedText) -> None:
    """Say how many characters the model knows only in another normal form, or not at all; nothing if there are none."""
    if text.missed:
        note(
            f"note: the model does not know {counted(text.missed, 'character')} as written, composed or decomposed; "
            "the text was read in the other form"
        )
    if text.unseen:
        done = "skipped" if text.unknown == "skip" else "replaced"
        note(f"note: {text.unseen:,} of {text.chars:,} characters are unknown, and were {done}")
