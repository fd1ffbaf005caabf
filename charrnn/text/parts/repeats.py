"""How often each part of a text is read: its files have weights."""

from typing import NamedTuple

import numpy as np

from charrnn.text.parts.gathered import Gathered


class Repeats(NamedTuple):
    """The training part of each file is read `weights` times; `ends` are the indices where files end, both (files,)."""

    ends: np.ndarray
    weights: np.ndarray

    @property
    def any(self) -> bool:
        """Whether any file is read more than once."""
        return bool((self.weights > 1).any())

    @property
    def length(self) -> int:
        """The number of ids that are read of whole files."""
        return int((np.diff(self.ends, prepend=0) * self.weights).sum())

    def of(self, places: np.ndarray) -> np.ndarray:
        """How often the ids at `places` are read."""
        weights: np.ndarray = self.weights[self._file(places)]
        return weights

    def gather(self, ids: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> Gathered:
        """The stretches of `ids` from `starts` to `stops`, those of a file as often as its weight says."""
        if not self.any:
            return Gathered(ids, starts, stops - starts)
        inside = (self.ends[None] > starts[:, None]) & (self.ends[None] < stops[:, None])  # files that end in a stretch
        ends = np.broadcast_to(self.ends, inside.shape)[inside]
        starts, stops = np.sort(np.append(starts, ends)), np.sort(np.append(stops, ends))
        file = self._file(starts)
        order = np.concatenate([np.tile(np.flatnonzero(file == each), self.weights[each]) for each in np.unique(file)])
        return Gathered(ids, starts[order], (stops - starts)[order])

    def _file(self, places: np.ndarray) -> np.ndarray:
        """The index of the file that each of `places` is in."""
        return np.minimum(np.searchsorted(self.ends, places, "right"), len(self.ends) - 1)


ONCE = Repeats(np.array([0]), np.array([1]))
