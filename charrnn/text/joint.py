"""The joints between the files of a text, so that the last line of a file does not run into the next file."""

from dataclasses import dataclass, replace
from typing import AnyStr, Generic

from charrnn.text.line_ends import IN_TEXT

_LINE_ENDS = ("\n", *(end for end in IN_TEXT.values() if len(end) == 1))


@dataclass(frozen=True)
class Joint(Generic[AnyStr]):
    """What joins a file to the next one.

    between: is put between any two files. ending: a file that lacks this at its end, after `between`, gets what is
    missing of it. closes: the last file gets its ending, too.
    """

    ending: AnyStr
    between: AnyStr
    closes: bool = False

    def after(self, tail: AnyStr, *, last: bool) -> AnyStr:
        """What follows a file that ends with `tail`: as many characters as `ending` has, or the whole file."""
        if last and not self.closes:
            return tail[:0]
        between = tail[:0] if last else self.between
        return between + self._missing(tail + between)

    def _missing(self, tail: AnyStr) -> AnyStr:
        ending = self.ending
        return next(ending[size:] for size in range(len(ending), -1, -1) if tail.endswith(ending[:size]))


def ending_lines(joint: Joint[str], line_end: str) -> Joint[str]:
    """The joint after a file in which lines end with `line_end`; it differs only if lines are what `joint` ends."""
    return replace(joint, ending=line_end) if joint.ending == "\n" else joint


def line_end_of(block: str, before: str) -> str:
    """The line end at the end of a block, or else one in it, or else `before`."""
    if block.endswith(_LINE_ENDS[1:]):
        return block[-1]
    for end in _LINE_ENDS:
        place = block.rfind(end)
        if place >= 0:
            return "\r\n" if block[max(place - 1, 0) : place + 1] == "\r\n" else end
    return before
