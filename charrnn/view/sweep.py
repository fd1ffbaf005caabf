"""How a sweep goes, a line at a time on standard error."""

import sys

from charrnn.sweep.jobs import Began, Ended
from charrnn.view.wording import visible


class SweepView:
    """Counts the trials of a sweep; `finished` of `total` were there before."""

    def __init__(self, total: int, finished: int) -> None:
        self._total, self._done = total, finished
        kept = f", {finished} finished before" if finished else ""
        self._print(f"{total} trial{'s' * (total != 1)}{kept}")

    def show(self, event: Began | Ended) -> None:
        """Print a line about it."""
        name = event.trial.run.folder.name
        if isinstance(event, Began):
            self._print(f"  training {name}")
            return
        self._done += 1
        reached = "" if event.val_loss is None else f": val {event.val_loss:.4f}"
        self._print(f"{self._done}/{self._total} {name}{f' failed: {event.error}' if event.error else reached}")

    def _print(self, line: str) -> None:
        print(visible(line), file=sys.stderr, flush=True)
