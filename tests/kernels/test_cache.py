"""The cache of compiled libraries opens nothing that another user can have written."""

import ctypes
import hashlib
import os
import subprocess
from types import SimpleNamespace

import pytest

from charrnn.kernels.cpu import build, cache

SOURCE = "int seven(void) { return 7; }\n"
PLANTED = '#include <stdio.h>\n__attribute__((constructor)) void f(void) { fclose(fopen("%s", "w")); }\n' + SOURCE
NOBODY = 65534


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function that compiles C into a library, once for each text."""
    folder = tmp_path_factory.mktemp("made")

    def compile_c(source):
        library = folder / f"{hashlib.sha256(source.encode()).hexdigest()[:8]}.so"
        if not library.exists():
            (folder / "x.c").write_text(source)
            subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder / "x.c"], check=True)
        return library.read_bytes()

    return compile_c


@pytest.fixture
def keep(made):
    """A function that opens `seven` from a folder; its list counts compilations."""
    compiled = []

    def run(folder, functions=("seven",)):
        def compile_in(temporary):
            compiled.append(temporary)
            (temporary / "x.so").write_bytes(made(SOURCE))
            return temporary / "x.so"

        return cache.keep(folder, "stem", functions, compile_in)

    run.compiled = compiled
    return run


def replace(path, content):
    """Put another file in its place: one that is written over while it is loaded would crash this process."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_library_is_compiled_once_and_only_the_user_can_write_it(keep, tmp_path):
    os.umask(0)
    try:
        assert keep(tmp_path / "c").seven() == keep(tmp_path / "c").seven() == 7
    finally:
        os.umask(0o022)
    assert len(keep.compiled) == 1
    (library,) = (tmp_path / "c").iterdir()
    assert (tmp_path / "c").stat().st_mode & 0o777 == library.stat().st_mode & 0o777 == 0o700


def plant(folder, made, trace):
    """Put a library that writes `trace` when it is opened where the cache will look for one."""
    planted = made(PLANTED % trace)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"stem-{hashlib.sha256(planted).hexdigest()[:20]}.so"
    replace(path, planted)
    return path


def refused(keep, folder, trace, match):
    before = names(folder)
    with pytest.raises(cache.Untrusted, match=match):
        keep(folder)
    assert not trace.exists() and names(folder) == before and not keep.compiled


@pytest.mark.parametrize("mode", [0o777, 0o702, 0o1777])
def test_a_folder_that_others_can_write_is_left_alone(keep, made, tmp_path, mode):
    plant(tmp_path / "c", made, tmp_path / "ran")
    (tmp_path / "c").chmod(mode)
    refused(keep, tmp_path / "c", tmp_path / "ran", "other users can write in .*/c; chmod go-w it$")


def test_a_parent_that_others_can_write_is_as_bad(keep, made, tmp_path):
    plant(tmp_path / "a" / "c", made, tmp_path / "ran")
    (tmp_path / "a").chmod(0o777)
    refused(keep, tmp_path / "a" / "c", tmp_path / "ran", "other users can write in .*/a; chmod go-w it$")
    (tmp_path / "a").chmod(0o1777)  # as /tmp is
    with pytest.raises(cache.Untrusted):
        os.chmod(tmp_path / "a" / "c", 0o777)
        keep(tmp_path / "a" / "c")
    os.chmod(tmp_path / "a" / "c", 0o755)
    assert cache.why_untrusted((tmp_path / "a" / "c").resolve()) is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
class TestOwners:
    """Files of another user, before root."""

    def test_a_folder_of_another_user_is_never_trusted(self, keep, made, tmp_path):
        plant(tmp_path / "c", made, tmp_path / "ran")
        os.chown(tmp_path / "c", NOBODY, NOBODY)
        refused(keep, tmp_path / "c", tmp_path / "ran", "/c belongs to another user$")
        (tmp_path / "link").symlink_to("c")
        refused(keep, tmp_path / "link", tmp_path / "ran", "/c belongs to another user$")

    def test_a_parent_of_another_user_is_never_trusted(self, keep, made, tmp_path):
        plant(tmp_path / "a" / "c", made, tmp_path / "ran")
        os.chown(tmp_path / "a", NOBODY, NOBODY)
        refused(keep, tmp_path / "a" / "c", tmp_path / "ran", "/a belongs to another user$")

    def test_a_library_of_another_user_is_made_anew(self, keep, made, tmp_path):
        path = plant(tmp_path / "c", made, tmp_path / "ran")
        os.chown(path, NOBODY, NOBODY)
        assert keep(tmp_path / "c").seven() == 7
        assert not (tmp_path / "ran").exists() and len(names(tmp_path / "c")) == 1


def test_a_library_that_others_can_write_is_made_anew(keep, made, tmp_path):
    path = plant(tmp_path / "c", made, tmp_path / "ran")
    path.chmod(0o666)
    assert keep(tmp_path / "c").seven() == 7
    assert not (tmp_path / "ran").exists() and not path.exists()


def test_a_link_is_not_followed_and_its_file_stays(keep, made, tmp_path):
    path = plant(tmp_path / "c", made, tmp_path / "ran")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert keep(tmp_path / "c").seven() == 7
    assert not (tmp_path / "ran").exists() and (tmp_path / "elsewhere").exists() and not path.is_symlink()


@pytest.mark.parametrize(
    "damage", [lambda data: data + b"\n", lambda data: data[:-1], lambda data: b"", lambda _: b"x"]
)
def test_an_altered_library_is_made_anew(keep, tmp_path, damage):
    keep(tmp_path / "c")
    (library,) = (tmp_path / "c").iterdir()
    whole = library.read_bytes()
    replace(library, damage(whole))
    assert keep(tmp_path / "c").seven() == 7
    assert library.read_bytes() == whole and len(keep.compiled) == 2


def test_a_library_without_the_functions_is_made_anew(keep, made, tmp_path):
    other = made("int eight(void) { return 8; }\n")
    (tmp_path / "c").mkdir()
    path = tmp_path / "c" / f"stem-{hashlib.sha256(other).hexdigest()[:20]}.so"
    replace(path, other)
    assert keep(tmp_path / "c").seven() == 7
    assert not path.exists()
    with pytest.raises(OSError, match="lacks the function nine"):
        keep(tmp_path / "c", ("nine",))


def test_a_group_of_the_user_alone_is_the_user(monkeypatch):
    group = {"gr_mem": [], "gr_gid": 1000, "gr_name": "ann"}
    user = {"pw_uid": 1000, "pw_name": "ann", "pw_gid": 1000}
    monkeypatch.setattr(cache.pwd, "getpwuid", lambda _: SimpleNamespace(**user))
    monkeypatch.setattr(cache.grp, "getgrgid", lambda _: SimpleNamespace(**group))
    found = SimpleNamespace(st_mode=0o40775, st_gid=1000)
    assert not cache._is_shared(found)
    for changed in ({"gr_mem": ["bob"]}, {"gr_gid": 100}, {"gr_name": "users"}):
        monkeypatch.setattr(cache.grp, "getgrgid", lambda _, changed=changed: SimpleNamespace(**group | changed))
        assert cache._is_shared(found)
    monkeypatch.setattr(cache.pwd, "getpwuid", lambda _: SimpleNamespace(**user | {"pw_uid": 0}))
    assert cache._is_shared(found)


def test_without_a_folder_to_trust_kernels_are_compiled_in_a_private_one(made, tmp_path, monkeypatch, caplog):
    modes = []

    def compile_c(command, folder):
        modes.append(folder.stat().st_mode & 0o777)
        (folder / "x.so").write_bytes(made(SOURCE))
        return folder / "x.so"

    monkeypatch.setattr(build, "_compile", compile_c)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    build.compiled.cache_clear()
    with caplog.at_level("INFO"):
        assert isinstance(build.compiled((), ("seven",)), ctypes.CDLL)
    build.compiled.cache_clear()
    assert modes == [0o700] and names(tmp_path / "cache") == []
    assert "at each start, because they cannot be kept in" in caplog.text and "chmod go-w it" in caplog.text
