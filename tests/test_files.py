"""Where the cache is, and locks."""

import errno
import logging
import os
from pathlib import Path

import pytest

from charrnn import files as storage
from charrnn.errors import StorageError
from tests.support.disks import without_locks


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"CHARRNN_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/charrnn"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/charrnn"),
    ],
)
def test_cache_folder(variables, folder, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert storage.cache_folder() == Path(folder)


def test_a_lock_is_held_until_it_is_released_or_gone(tmp_path):
    lock = storage.Lock(tmp_path / "lock")
    with pytest.raises(StorageError, match="is in use by process"):
        storage.Lock(tmp_path / "lock")
    lock.release()
    lock = storage.Lock(tmp_path / "lock")
    del lock
    storage.Lock(tmp_path / "lock")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_is_noted_once(tmp_path, monkeypatch, caplog, number):
    caplog.set_level(logging.INFO)
    without_locks(monkeypatch, number)
    storage.Lock(tmp_path / "lock").release()
    storage.Lock(tmp_path / "lock")
    assert caplog.messages == [
        f"locks do not work in {tmp_path} ({os.strerror(number)}); do not train there twice at once"
    ]
    assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(path, *mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(storage.os, "open", refuse)
    with pytest.raises(StorageError, match=r"the folder .*/ro cannot be written: Permission denied; change its permi"):
        storage.Lock(tmp_path / "ro" / "lock")
