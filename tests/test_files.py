"""Where the cache is, and locks."""

import errno
import logging
import os
import pwd
from pathlib import Path

import pytest

from charrnn import files as storage
from charrnn.errors import StorageError
from tests.support.disks import failing, without_locks, without_renaming, without_sync
from tests.support.training import SMALL, train


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"CHARRNN_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/charrnn"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/charrnn"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "b", "HOME": "/c"}, "/c/.cache/charrnn"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "c"}, "/.cache/charrnn"),
        ({"CHARRNN_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/"}, "/.cache/charrnn"),
    ],
)
def test_cache_folder(variables, folder, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert storage.cache_folder() == Path(folder)


def test_a_user_without_a_home_has_the_root_folder_for_one(monkeypatch):
    for name in ("CHARRNN_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # no entry for this user
    assert storage.cache_folder() == Path("/.cache/charrnn")


LACKING = [errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM]


@pytest.mark.parametrize("number", LACKING)
def test_files_that_cannot_be_synced_are_written_and_noted_once(tmp_path, monkeypatch, caplog, number):
    caplog.set_level(logging.INFO)
    without_sync(monkeypatch, number)
    for content in (b"first", b"second"):
        with storage.replacing(tmp_path / "x") as file:
            file.write(content)
    assert [path.name for path in tmp_path.iterdir()] == ["x"] and (tmp_path / "x").read_bytes() == b"second"
    assert caplog.messages == [
        f"files cannot be synced in {tmp_path} ({os.strerror(number)}); a power failure may lose what was written last"
    ]


@pytest.mark.parametrize("number", [*LACKING, errno.EXDEV])
def test_files_that_cannot_be_renamed_are_copied_and_noted_once(tmp_path, monkeypatch, caplog, number):
    caplog.set_level(logging.INFO)
    without_renaming(monkeypatch, number)
    for content in (b"second and long", b"third"):
        with storage.replacing(tmp_path / "x") as file:
            file.write(content)
    assert [path.name for path in tmp_path.iterdir()] == ["x"] and (tmp_path / "x").read_bytes() == b"third"
    assert caplog.messages == [
        f"files cannot be renamed in {tmp_path} ({os.strerror(number)}); a crash while one is written may damage it"
    ]


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_copy_goes_nowhere_else(tmp_path, monkeypatch, link):
    other, folder = tmp_path / "other", tmp_path / "run"
    other.write_bytes(b"other")
    folder.mkdir()
    link(other, folder / "x")
    without_renaming(monkeypatch, errno.EXDEV)
    with storage.replacing(folder / "x") as file:
        file.write(b"new")
    assert (other.read_bytes(), (folder / "x").read_bytes()) == (b"other", b"new")


def test_a_copy_that_fails_does_not_claim_that_nothing_is_lost(tmp_path, monkeypatch):
    without_renaming(monkeypatch, errno.EXDEV)

    def full(part, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.shutil, "copyfile", full)
    with (
        pytest.raises(StorageError, match=r"No space left on device; it may be incomplete now.*; free some space"),
        storage.replacing(tmp_path / "x") as file,
    ):
        file.write(b"x")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space, or choose another folder"),
        (errno.EDQUOT, "free some space, or choose another folder"),
        (errno.EACCES, "change the permissions of its folder, or choose another one"),
        (errno.ENOMEM, "free some memory, or end other programs"),
        (errno.EIO, "check the disk, or choose another folder"),
        (errno.EROFS, "check the disk, or choose another folder"),
    ],
)
def test_a_write_that_fails_names_a_remedy_and_keeps_the_old_file(tmp_path, monkeypatch, number, remedy):
    (tmp_path / "x").write_bytes(b"old")
    monkeypatch.setattr(storage, "_sync", failing(number))
    with (
        pytest.raises(StorageError, match=f"x cannot be written: .*; what was there before is intact; {remedy}$"),
        storage.replacing(tmp_path / "x") as file,
    ):
        file.write(b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_folder_that_cannot_be_renamed_is_copied(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("c")
    (tmp_path / "a" / "link").symlink_to("nowhere")
    without_renaming(monkeypatch, errno.EXDEV)
    for name in ("chmod", "utime"):
        monkeypatch.setattr(os, name, failing(errno.EOPNOTSUPP))
    storage.move_folder(tmp_path / "a", tmp_path / "to")
    assert not (tmp_path / "a").exists() and (tmp_path / "to" / "b" / "c").read_text() == "c"
    assert os.readlink(tmp_path / "to" / "link") == "nowhere"


def test_a_folder_that_cannot_be_copied_either_stays(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("b")
    without_renaming(monkeypatch, errno.EXDEV)

    monkeypatch.setattr(storage.shutil, "copyfile", failing(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left on device"):
        storage.move_folder(tmp_path / "a", tmp_path / "to")
    assert (tmp_path / "a" / "b").read_text() == "b" and not (tmp_path / "to").exists()


def test_a_lock_on_a_full_disk_still_locks(tmp_path, monkeypatch):
    def full(descriptor, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "write", full)
    lock = storage.Lock(tmp_path / "lock")
    with pytest.raises(StorageError, match="in use by process unknown"):
        storage.Lock(tmp_path / "lock")
    lock.release()


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


@pytest.fixture
def synced(monkeypatch):
    """The files and folders that are synced, in order, and the names that are given to files between."""
    events, fsync, replace = [], os.fsync, Path.replace

    def note_sync(descriptor):
        events.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def note_name(path, to):
        events.append(f"name {Path(to).name}")
        return replace(path, to)

    monkeypatch.setattr(storage.os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_name)
    return events


def test_a_file_its_name_and_its_folder_are_synced_in_order(tmp_path, synced):
    with storage.replacing(tmp_path / "a" / "b" / "x") as file:
        file.write(b"1")
    made = [f"sync {tmp_path.name}", "sync a"]
    assert synced == [*made, f"sync .x.{os.getpid()}", "name x", "sync b"]


def test_added_lines_are_synced_and_a_new_file_with_its_folder(tmp_path, synced):
    for line in (b"1\n", b"2\n"):
        storage.append(tmp_path / "x", line)
    assert synced == ["sync x", f"sync {tmp_path.name}", "sync x"]
    assert (tmp_path / "x").read_bytes() == b"1\n2\n"


def test_a_line_that_was_cut_off_is_ended_before_the_next(tmp_path):
    (tmp_path / "x").write_bytes(b"1\n2")
    storage.append(tmp_path / "x", b"3\n")
    assert (tmp_path / "x").read_bytes() == b"1\n2\n3\n"


def test_lines_that_cannot_be_added_leave_the_file_as_it_was(tmp_path, monkeypatch):
    storage.append(tmp_path / "x", b"1\n")

    def fail(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(storage.os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        storage.append(tmp_path / "x", b"2\n")
    assert (tmp_path / "x").read_bytes() == b"1\n"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch, number):
    fsync = os.fsync

    def refuse(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(storage.os, "fsync", refuse)
    with storage.replacing(tmp_path / "x") as file:
        file.write(b"1")
    assert (tmp_path / "x").read_bytes() == b"1"


def dead_process():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


LEFT = (".last.safetensors.{}", ".tokens.bin.{}", ".tmpAb12Cd")


@pytest.mark.parametrize("works", [True, False])
def test_what_killed_processes_left_is_removed(tmp_path, monkeypatch, works):
    if not works:
        without_locks(monkeypatch, errno.ENOSYS)
    others = (
        ".tmp",
        ".tmpfiles-of-mine",
        ".last.safetensors.backup",
        ".notes.txt.99",
        "x.1",
        ".last.safetensors.1.old",
    )
    for name in (*others, *LEFT):
        (tmp_path / name.format(dead_process())).touch()
    (tmp_path / f".best.safetensors.{os.getppid()}").touch()
    (tmp_path / ".tmpAAAAAA").symlink_to(tmp_path / "x.1")
    (tmp_path / ".tmpBBBBBB").mkdir()
    lock = storage.Lock(tmp_path / "lock")
    storage.remove_leftovers(tmp_path, ("last.safetensors", "best.safetensors", "tokens.bin"), lock)
    stay = {*others, "lock", ".tmpAAAAAA", ".tmpBBBBBB"}
    running = set() if works else {f".best.safetensors.{os.getppid()}", ".tmpAb12Cd"}
    assert {path.name for path in tmp_path.iterdir()} == stay | running


def test_what_is_left_does_not_keep_a_run_from_its_folder(text, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in LEFT:
        (run / name.format(dead_process())).touch()
    train(text, SMALL | {"steps": 1}, run=str(run))
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
    (run / ".tmpAb12Cd").touch()
    train(None, {"steps": 2}, run=str(run), resume=True)
    assert not (run / ".tmpAb12Cd").exists()
