"""Bring one file from elsewhere: by URL, or through a package client set up on this machine."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from charrnn.errors import CorpusError

ANSWER_TIMEOUT = 10  # seconds without a byte
TOTAL_TIMEOUT = 1800  # seconds for a whole file
BLOCK_SIZE = 1 << 16  # bytes

Progress = Callable[[int, int], None]


def download(url: str, path: Path, *, limit: int, progress: Progress | None = None) -> None:
    """Write what `url` answers to `path`; `progress` is called with the bytes done and to do.

    Raises:
        CorpusError: no answer, another answer than the file, more than `limit` bytes, or too slow.
    """
    request = Request(url, headers={"User-Agent": "charrnn"})
    watch = _Watch(limit, progress)
    try:
        with urlopen(request, timeout=ANSWER_TIMEOUT) as response, path.open("wb") as file:
            watch.total = response.length or limit
            while block := response.read1(BLOCK_SIZE):
                file.write(block)
                watch(file.tell())
            if response.length:
                raise CorpusError(f"the download broke off, {response.length} bytes are missing")
    except HTTPError as error:
        error.close()
        raise CorpusError(f"the server answers {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise CorpusError(_reason(error)) from error


def run_client(command: Sequence[str], folder: Path, *, limit: int, progress: Progress | None = None) -> None:
    """Let a package client download one file into `folder`, which is also where it runs.

    Raises:
        CorpusError: the client is not installed, fails, brings more than `limit` bytes, or is too slow.
    """
    environment = os.environ | {"LC_ALL": "C", "TMPDIR": str(folder)}
    watch = _Watch(limit, progress)
    with tempfile.TemporaryFile() as log:
        try:
            client = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        except OSError as error:
            raise CorpusError(f"{command[0]} does not start ({error.strerror})") from error
        with client:
            try:
                while client.poll() is None:
                    watch(_largest(folder))
                    time.sleep(0.05)
            finally:
                client.kill()  # does nothing where it has ended
        if client.returncode:
            raise CorpusError(_last_line(log) or f"{command[0]} ends with exit code {client.returncode}")


class _Watch:
    """Reports progress, and stops a download that grows too large or takes too long."""

    def __init__(self, limit: int, progress: Progress | None) -> None:
        self.total = limit
        self._limit = limit
        self._progress = progress
        self._deadline = time.monotonic() + TOTAL_TIMEOUT

    def __call__(self, done: int) -> None:
        if done > self._limit:
            raise CorpusError(f"the download is larger than the {self._limit} bytes it should have at most")
        if time.monotonic() > self._deadline:
            raise CorpusError(f"the download is not complete after {TOTAL_TIMEOUT // 60} minutes")
        if self._progress:
            self._progress(done, self.total)


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)  # urllib wraps the error of the socket
    return f"no connection ({getattr(reason, 'strerror', None) or reason})"


def _largest(folder: Path) -> int:
    """Size of the largest file: the client may hold the one it downloads and a copy."""
    largest = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # the client has just removed it
            largest = max(largest, path.lstat().st_size)
    return largest


def _last_line(log) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last.removeprefix("ERROR: ").removeprefix("E: ")
