"""Each kind of source gives its text."""

import hashlib
import sys
from dataclasses import replace

import pytest

from charrnn.catalogue import sources
from charrnn.catalogue.fetch import fetch_text
from charrnn.catalogue.sources import Archive, Debian, PackageIndex, Stdlib, Url
from charrnn.errors import CorpusError
from tests.catalogue.packing import ar, tar, zipped

TEXT = b"two words\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_url_and_archive(tmp_path, monkeypatch):
    content = tar({"linux/kernel/a.c": TEXT})
    monkeypatch.setattr(sources, "download", lambda url, path, *, limit, progress: path.write_bytes(content))
    known = {"size": len(content), "sha256": sha256(content)}
    archive = Archive(url="https://example.org/x.tar.xz", members=("linux/*.c",), **known)
    assert fetch_text("x", [archive], tmp_path / "x.txt").origin == "example.org"
    assert (tmp_path / "x.txt").read_bytes() == TEXT
    url = Url(url="https://example.org/x.txt", **known)
    with pytest.raises(CorpusError, match=r"example\.org: the text is not UTF-8"):
        fetch_text("x", [url], tmp_path / "x.txt")
    with pytest.raises(CorpusError, match="does not begin with https://"):
        replace(url, url="http://example.org/x")


def client(monkeypatch, name: str, content: bytes) -> list[str]:
    """Replace the package client by one that writes `content`; returns the command that it is run with."""
    command = []

    def run(given, folder, *, limit, progress):
        command.extend(given)
        (folder / name).write_bytes(content)

    monkeypatch.setattr(sources, "run_client", run)
    return command


def test_package_index_asks_pip_for_a_wheel_only(tmp_path, monkeypatch):
    wheel = zipped({"plays/a.md": TEXT})
    command = client(monkeypatch, "p-1.0-py3-none-any.whl", wheel)
    source = PackageIndex(package="p", version="1.0", size=len(wheel), sha256=sha256(wheel), members=("plays/a.md",))
    assert fetch_text("x", [source], tmp_path / "x.txt").verified
    assert (tmp_path / "x.txt").read_bytes() == TEXT
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "p==1.0"} < set(command)


@pytest.mark.parametrize(("version", "wanted"), [("6.1-1", "linux=6.1-1"), ("", "linux")])
def test_debian_asks_apt_and_streams_the_package(tmp_path, monkeypatch, version, wanted):
    deb = ar({"data.tar.xz": tar({"./usr/src/linux.tar.xz": tar({"linux/kernel/a.c": TEXT})})})
    command = client(monkeypatch, "linux_6.1-1_all.deb", deb)
    source = Debian(
        package="linux",
        version=version,
        archive="usr/src/linux.tar.xz",
        members=("linux/*",),
        max_size=10**6,
        unverified=True,
    )
    assert not fetch_text("x", [source], tmp_path / "x.txt").verified
    assert (tmp_path / "x.txt").read_bytes() == TEXT
    assert (command[0], *command[-2:]) == ("apt-get", "download", wanted)


def test_a_client_that_leaves_nothing_is_reported(tmp_path, monkeypatch):
    client(monkeypatch, "other", b"")
    source = PackageIndex(package="p", version="1.0", size=9, sha256="0", members=("*",))
    with pytest.raises(CorpusError, match=r"p 1.0: the package client left no \*\.whl file"):
        fetch_text("x", [source], tmp_path / "x.txt")


def test_the_standard_library_is_read_without_tests_and_foreign_code(tmp_path, monkeypatch):
    monkeypatch.setattr(sources.sysconfig, "get_path", lambda name: str(tmp_path))
    for name in ("os.py", "json/tool.py", "test/test_os.py", "idlelib/idle_test/a.py", "site-packages/b.py", "a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("import this\n")
    (tmp_path / "latin.py").write_bytes("# ü".encode("latin-1"))
    assert [path.relative_to(tmp_path).as_posix() for path in Stdlib().files(tmp_path)] == ["json/tool.py", "os.py"]
    (tmp_path / "os.py").unlink()
    (tmp_path / "json/tool.py").unlink()
    with pytest.raises(CorpusError, match=r"no \*\.py files in"):
        Stdlib().files(tmp_path)
