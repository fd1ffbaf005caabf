"""Run every case, and print a table: python -m tests.torture [WORDS OF A KIND]."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.torture.kinds import KINDS

ROW = "| {:<37} | {:>6} | {:>8} | {:>7} |"


def torture(kinds: Sequence[str]) -> int:
    """Run all cases of `kinds`, and print a row for each, with what was not survived below it; returns how many."""
    print(ROW.format("what", "cases", "survived", "seconds"))
    print("|-" + "-|-".join("-" * width for width in (37, 6, 8, 7)) + "|")
    lost = 0
    for kind in kinds:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            cases = list(KINDS[kind](Path(folder).resolve(), True))
        failed = [case for case in cases if case.failure]
        seconds = round(time.monotonic() - started)
        print(ROW.format(kind, len(cases), len(cases) - len(failed), seconds), flush=True)
        for case in failed:
            print(f"    {case.name}: {case.failure}", flush=True)
        lost += len(failed)
    return lost


if __name__ == "__main__":
    words = " ".join(sys.argv[1:])
    sys.exit(1 if torture([kind for kind in KINDS if words in kind]) else 0)
