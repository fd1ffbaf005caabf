"""Named pipes, like those that a shell makes of <(command)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread


@contextmanager
def written_into(path: Path, content: bytes) -> Iterator[None]:
    """A named pipe at `path`, into which a thread writes `content` when somebody opens it to read."""
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(content,), daemon=True)  # ends with the tests if nobody reads
    writer.start()
    yield
    writer.join(10)
