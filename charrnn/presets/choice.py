"""Chooses a preset for a text if the user names none."""

from collections.abc import Mapping
from typing import Any

LARGE_TEXT = 3_000_000  # bytes
LONG_MINUTES = 15  # with at least this much time, a wider network pays
LONG_EPOCHS = 20  # the same for a budget in epochs
SHORT_MINUTES = 5  # with less time, a large text also gets the small, quick network


def choose(size: int, *, is_list: bool, gpu: bool, settings: Mapping[str, Any]) -> tuple[str, str]:
    """The preset for a text of `size` bytes, and the reason; only the budget among the user's `settings` counts."""
    unit, scale = next((unit, scale) for unit, scale in (("MB", 1e6), ("kB", 1e3), ("bytes", 1)) if size >= scale / 10)
    text = f"{size / scale:.{1 if scale > 1 else 0}f} {unit} of text"
    minutes, epochs = settings.get("minutes"), settings.get("epochs")
    if is_list:
        return "lines", "a list of short lines"
    if size >= LARGE_TEXT and (minutes is None or minutes >= SHORT_MINUTES):
        return ("gpu", f"{text} and a GPU") if gpu else ("long", text)
    if minutes is not None:
        return "medium" if minutes >= LONG_MINUTES else "quick", f"{text} and --minutes {minutes:g}"
    if epochs is not None and epochs >= LONG_EPOCHS:
        return "medium", f"{text} and --epochs {epochs:g}"
    return "quick", text
