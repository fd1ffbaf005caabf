"""Findings of the parts, and the error that keeps them."""

from typing import Any


class Wrong(AssertionError):
    """Some findings of a part are wrong; `found` keeps all of them."""

    def __init__(self, wrong: Any, found: Any) -> None:
        super().__init__(str(wrong))
        self.found = found


def line(error: BaseException) -> str:
    """The error as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
