"""Losses and gradient norms of updates, kept on the device until the host reads them."""

from typing import Any, NamedTuple

import numpy as np

from charrnn.device.backend import Backend


class Measured(NamedTuple):
    """The measurements of one update."""

    loss: float  # mean nats per character, before the update
    norm: float  # norm of the gradients, before clipping
    chars: int  # characters learned from


class Ledger:
    """Losses and gradient norms of updates, left on the device, because reading a number waits for it.

    There is a row for each update by which the host may be ahead of the device. A row holds the losses of the update's
    chunks and the norm.
    """

    def __init__(self, backend: Backend, chunks: int) -> None:
        self._backend = backend
        self._values = backend.xp.zeros((backend.ahead, chunks + 1), np.float64)
        self._chars: list[list[int]] = []  # sizes of the chunks of each update

    @property
    def full(self) -> bool:
        """Whether it must be read before the next update."""
        return len(self._chars) == len(self._values)

    def begin(self) -> None:
        """Open a row for the next update."""
        self._chars.append([])

    def add_loss(self, loss: Any, chars: int) -> None:
        """Add the mean nats over the `chars` characters of the update's next chunk."""
        self._write(len(self._chars[-1]), loss)
        self._chars[-1].append(chars)

    def add_norm(self, norm: Any) -> None:
        """Add the norm of the update's gradients."""
        self._write(self._values.shape[1] - 1, norm)

    def _write(self, column: int, value: Any) -> None:
        self._values[len(self._chars) - 1, column : column + 1] = value  # an array to an array, so nothing is read

    def take(self) -> list[Measured]:
        """All updates since the last call, the oldest first; waits for the device."""
        rows = self._backend.to_host(self._values[: len(self._chars)]).tolist()
        counts, self._chars = self._chars, []
        return [_measured(losses, norm, chars) for (*losses, norm), chars in zip(rows, counts, strict=True)]


def _measured(losses: list[float], norm: float, chars: list[int]) -> Measured:
    """One update, from the losses and sizes of its chunks."""
    total = sum(chars)
    nats = sum(loss * count for loss, count in zip(losses, chars, strict=True))
    return Measured(nats / total, norm, total)
