"""The real command line in a process of its own, which starts at once because it is forked."""

import json
import logging
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import charrnn.cli
from tests.support.training import sha256
from tests.torture.faults import Fault

for name in charrnn.cli.COMMANDS:  # before any fork, so that no child has to
    import_module(f"charrnn.cli.{name}")

TRACEBACK = 99
NAMES = ("best.safetensors", "last.safetensors")


@dataclass(frozen=True)
class Ended:
    """How a command ended; a negative code is the number of a signal."""

    code: int
    error: str  # its standard error

    @property
    def is_clean(self) -> bool:
        """Whether it succeeded, was killed, or ended with one line."""
        lines = [line for line in self.error.splitlines() if line.startswith("Error")]
        told = len(lines) == 1 and len(lines[0]) <= 300 + len(os.getcwd())
        return "Traceback" not in self.error and (self.code <= 0 or (self.code in (1, 2) and told))


def charrnn_command(
    arguments: Sequence[str], folder: Path, fault: Fault | None = None, *, within: Path, kill_after: float | None = None
) -> Ended:
    """Run `charrnn` with `folder` as the current one, and `fault` under its operations on files in `within`."""
    with tempfile.TemporaryFile() as error:
        process = os.fork()
        if process == 0:
            _become(arguments, folder, fault, within, error.fileno())
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        error.seek(0)
        return Ended(os.waitstatus_to_exitcode(status), error.read().decode(errors="replace"))


def _become(arguments: Sequence[str], folder: Path, fault: Fault | None, within: Path, error: int) -> None:
    """Run the command, and leave the process."""
    code = TRACEBACK
    try:
        os.chdir(folder)
        os.dup2(error, 1)
        os.dup2(error, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        logging.root.handlers.clear()  # those of a test write elsewhere
        sys.argv = ["charrnn", *arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        (fault or Fault()).install(within)
        try:
            charrnn.cli.main()
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 0
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def state_of(run: Path) -> tuple[list[str], list[dict[str, object]]]:
    """What a run must have in common with one that was left alone: its checkpoints and metrics, times left out."""
    digests = [sha256(run / name) if (run / name).is_file() else "missing" for name in NAMES]
    return digests, [without_time(line) for line in (run / "metrics.jsonl").read_bytes().splitlines()]


def without_time(line: bytes) -> dict[str, object]:
    """A line of the metrics without its time, or the bytes of one that cannot be read."""
    try:
        return {name: value for name, value in json.loads(line).items() if name != "seconds"}
    except ValueError:
        return {"": line}
