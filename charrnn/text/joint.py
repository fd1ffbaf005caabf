"""The joints between the files of a text, so that the last line of a file does not run into the next file."""

from dataclasses import dataclass
from typing import AnyStr, Generic


@dataclass(frozen=True)
class Joint(Generic[AnyStr]):
    """What joins a file to the next one.

    between: is put between any two files. ending: without `between`, a file that lacks this at its end gets what is
    missing of it.
    """

    ending: AnyStr
    between: AnyStr

    def after(self, tail: AnyStr) -> AnyStr:
        """What follows a file that ends with `tail`: as many characters as `ending` has, or the whole file."""
        if self.between:
            return self.between
        ending = self.ending
        return next(ending[size:] for size in range(len(ending), -1, -1) if tail.endswith(ending[:size]))
