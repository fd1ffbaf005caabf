"""Downloads one file: by its URL, or through a package client that is configured on this machine."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from charrnn.errors import CorpusError
from charrnn.hints import OnProgress

ANSWER_TIMEOUT = 10  # seconds without a byte
TOTAL_TIMEOUT = 1800  # seconds for a whole file
BLOCK_SIZE = 1 << 16  # bytes


def download(url: str, path: Path, *, limit: int, progress: OnProgress | None = None) -> None:
    """Download `url` to `path`; `progress` is called with bytes.

    Raises:
        CorpusError: the server does not answer, or does not send the file; the file has more than `limit` bytes, or the
            download takes longer than TOTAL_TIMEOUT.
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
                raise CorpusError(f"the connection was closed early; {response.length} bytes are missing")
    except HTTPError as error:
        error.close()
        raise CorpusError(f"the server answers {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise CorpusError(_reason(error)) from error


def run_client(command: Sequence[str], folder: Path, *, limit: int, progress: OnProgress | None = None) -> None:
    """Let a package client download one file into `folder`, in which it also runs; `progress` is called with bytes.

    Raises:
        CorpusError: the client is not installed or fails, the file has more than `limit` bytes, or the download takes
            longer than TOTAL_TIMEOUT.
    """
    environment = os.environ | {"LC_ALL": "C", "TMPDIR": str(folder)}
    watch = _Watch(limit, progress)
    with tempfile.TemporaryFile(dir=folder) as log:
        try:
            client = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        except OSError as error:
            raise CorpusError(f"{command[0]} cannot be started ({error.strerror})") from error
        with client:
            try:
                while client.poll() is None:
                    watch(_largest(folder))
                    time.sleep(0.05)
            finally:
                client.kill()  # has no effect on a client that has ended
        if client.returncode:
            raise CorpusError(_last_line(log) or f"{command[0]} failed with exit code {client.returncode}")


class _Watch:
    """Reports progress, and stops a download that grows too large or takes too long."""

    def __init__(self, limit: int, progress: OnProgress | None) -> None:
        self.total = limit
        self._limit = limit
        self._progress = progress
        self._deadline = time.monotonic() + TOTAL_TIMEOUT

    def __call__(self, done: int) -> None:
        if done > self._limit:
            raise CorpusError(f"the download is larger than its limit of {self._limit} bytes")
        if time.monotonic() > self._deadline:
            raise CorpusError(f"the download was not complete after {TOTAL_TIMEOUT // 60} minutes")
        if self._progress:
            self._progress(done, self.total)


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)  # urllib wraps the socket's error
    return f"no connection ({getattr(reason, 'strerror', None) or reason})"


def _largest(folder: Path) -> int:
    """Size in bytes of the largest file below `folder`: a client may keep the file and a copy of it."""
    largest = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # the client may just have removed it
            largest = max(largest, path.lstat().st_size)
    return largest


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last.removeprefix("ERROR: ").removeprefix("E: ")
