"""When a run evaluates: often enough to show progress, and for about a tenth of the time at most."""

from charrnn.config import Config
from charrnn.training.budget import Budget, StepBudget
from charrnn.training.stopwatch import Stopwatch

MOST_EVALUATIONS = 20  # in a run, unless `eval_every` says otherwise
EVALUATION_SHARE = 0.1  # share of the time that evaluations may take
READING_COST = 1 / 3  # of the cost of learning from a character: a forward pass without the backward pass


class Pace:
    """Decides when an evaluation is due.

    If steps are the budget, characters are counted and not seconds, so that equal runs evaluate at equal steps.

    learned: characters that the run learns from, if steps are its budget. read: those that an evaluation reads.
    """

    def __init__(self, config: Config, budget: Budget, *, learned: float, read: int) -> None:
        self._every = config.eval_every
        self._counted = isinstance(budget, StepBudget)
        self._evaluations = _affordable(learned, read) if self._counted else MOST_EVALUATIONS

    def is_due(self, step: int, used: float, evaluations: int, stopwatch: Stopwatch) -> bool:
        """Whether to evaluate after update `step`, with `used` of the budget used up and `evaluations` done."""
        if self._every:
            return step % self._every == 0
        if used * self._evaluations < evaluations + 1:
            return False
        return self._counted or stopwatch.since_evaluation > stopwatch.evaluation_seconds / EVALUATION_SHARE


def _affordable(learned: float, read: int) -> int:
    """The number of evaluations of `read` characters each that cost their share of learning `learned`; at least 1."""
    if not read:
        return MOST_EVALUATIONS
    return max(1, min(MOST_EVALUATIONS, int(EVALUATION_SHARE * learned / (READING_COST * read))))
