"""Where the cache is, and locks."""

from pathlib import Path

import pytest

from charrnn import files as storage
from charrnn.errors import StorageError


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


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(path, *mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(storage.os, "open", refuse)
    with pytest.raises(StorageError, match=r"the folder .*/ro cannot be written: Permission denied; change its permi"):
        storage.Lock(tmp_path / "ro" / "lock")
