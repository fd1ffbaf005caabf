"""What a part of the check found."""

from typing import Any


class Wrong(AssertionError):
    """Some of what a part found is wrong; all of it is kept."""

    def __init__(self, wrong: Any, found: Any) -> None:
        super().__init__(str(wrong))
        self.found = found


def line(error: BaseException) -> str:
    """An error in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
