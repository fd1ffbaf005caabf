"""Where a text comes from: files, folders, several of both, standard input, pipes."""

import gzip
import io
import os
import socket
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from charrnn.errors import CorpusError, StorageError
from charrnn.text.files import source as source_module
from charrnn.text.files.source import Source, from_path, from_pipe, from_stdin, is_pipe, joined
from charrnn.text.reading.reader import Reader
from tests.support.pipes import written_into

ALL = "**/*"


def read(source):
    return "".join(Reader(source).text())


def test_one_file(tmp_path):
    path = tmp_path / "my text!.v2.txt"
    path.write_text("hello")
    assert from_path(path, glob=ALL) == Source("my-text-.v2", (path,), description=str(path))


def test_a_folder_is_read_in_the_order_of_paths_without_hidden_files(tmp_path):
    for name in ("b.txt", "a/z.txt", "a/b/c.md", ".git/x.txt", "a/.hidden.txt", "A.txt", "empty.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("" if name == "empty.txt" else f"{name}\n")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    source = from_path(tmp_path, glob=ALL)
    assert [file.relative_to(tmp_path).as_posix() for file in source.files] == [
        "A.txt",
        "a/b/c.md",
        "a/z.txt",
        "b.txt",
        "empty.txt",
    ]
    assert read(source) == "A.txt\na/b/c.md\na/z.txt\nb.txt\n"
    assert source.description == f"{tmp_path} (5 files)"
    assert [file.name for file in from_path(tmp_path, glob="**/*.md").files] == ["c.md"]


def test_the_present_folder_has_a_name(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("a")
    monkeypatch.chdir(tmp_path)
    assert from_path(Path("."), glob=ALL).name == tmp_path.name


@pytest.mark.parametrize(
    ("name", "glob", "message"),
    [
        ("nothing", ALL, r"no file or folder .*nothing \(looked for /.*nothing\)"),
        ("x" * 300, ALL, "cannot read .*too long"),
        ("file/below", ALL, "cannot read .*Not a directory"),
        ("empty", ALL, "empty is empty"),
        ("folder", ALL, r"folder \(1 file\) is empty"),
        ("folder", "*.py", r"no file in the folder .* matches --glob '\*\.py'"),
        ("folder", "", "--glob '' is not a pattern"),
        ("folder", "/etc/*", "--glob '/etc/.*' is not a pattern"),
        ("pipe", ALL, "a pipe, which cannot be read twice"),
    ],
)
def test_paths_that_give_no_text(tmp_path, name, glob, message):
    (tmp_path / "file").write_text("a")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match=message) as caught:
        joined([from_path(tmp_path / name, glob=glob)])
    assert "\n" not in str(caught.value)


def test_an_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    with pytest.raises(CorpusError, match="not readable"):
        from_path(path, glob=ALL)


def test_standard_input_is_kept_in_a_file(tmp_path):
    source = from_stdin(io.BytesIO(b"hello"), tmp_path / "run")
    assert (source.name, source.description) == ("stdin", "standard input")
    assert source.files == (tmp_path / "run" / "stdin.txt",)
    assert read(source) == "hello"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["stdin.txt"]


def test_a_terminal_as_standard_input_says_so_and_ends_with_the_first_ctrl_d(tmp_path, caplog):
    caplog.set_level("INFO")
    keyboard, terminal = os.openpty()
    os.write(keyboard, b"hello\n\x04")
    with open(terminal, "rb") as stream:
        source = from_stdin(stream, tmp_path)
    os.close(keyboard)
    assert read(source) == "hello\n"
    assert caplog.messages == ["reading from the terminal; Ctrl-D ends the text"]


def test_empty_standard_input_leaves_no_file(tmp_path):
    with pytest.raises(CorpusError, match="standard input is empty"):
        from_stdin(io.BytesIO(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_standard_input_that_cannot_be_kept(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"stdin\.txt cannot be written: "):
        from_stdin(io.BytesIO(b"a"), tmp_path / "file")


def test_standard_input_without_an_end_leaves_room_on_the_disk(tmp_path, monkeypatch):
    class Endless(io.BytesIO):
        def read(self, size=-1):
            return b"a" * size

    left = iter([2 << 30] * 20 + [1000] * 9)
    monkeypatch.setattr(source_module, "_LARGE", 0)
    monkeypatch.setattr(source_module.shutil, "disk_usage", lambda path: SimpleNamespace(free=next(left)))
    with pytest.raises(StorageError, match=r"^standard input has more than 0\.0 GB, and .* room for hardly more; cut"):
        from_stdin(Endless(), tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_standard_input_that_is_a_folder(tmp_path):
    class Folder(io.BytesIO):
        def read(self, size=-1):
            raise IsADirectoryError(21, "Is a directory")

    with pytest.raises(CorpusError, match="cannot read standard input: Is a directory"):
        from_stdin(Folder(), tmp_path)


def test_several_texts_are_read_in_turn_and_named_after_the_first(tmp_path):
    (tmp_path / "poems").mkdir()
    for name, content in {"b.txt": "one\n", "poems/x": "two\n", "poems/y": "three\n", "a.txt": "four\n"}.items():
        (tmp_path / name).write_text(content)
    source = joined([from_path(tmp_path / name, glob=ALL) for name in ("b.txt", "poems", "a.txt")])
    assert read(source) == "one\ntwo\nthree\nfour\n"
    assert source.name == "b"
    assert source.description == f"{tmp_path}/b.txt and 2 more"
    assert source.size == 19


def test_an_empty_text_among_others_does_no_harm(tmp_path):
    (tmp_path / "empty.txt").touch()
    (tmp_path / "a.txt").write_text("a")
    sources = [from_path(tmp_path / name, glob=ALL) for name in ("empty.txt", "a.txt")]
    assert read(joined(sources)) == "a"
    with pytest.raises(CorpusError, match=r"empty\.txt and 1 more is empty"):
        joined([sources[0], sources[0]])


def test_a_pipe_is_kept_in_a_file_and_read_once(tmp_path):
    with written_into(tmp_path / "pipe", gzip.compress(b"hello")):
        assert is_pipe(tmp_path / "pipe")
        source = from_pipe(tmp_path / "pipe", tmp_path / "kept")
    assert (source.description, source.shown_as) == (str(tmp_path / "pipe"),) * 2
    assert read(source) == "hello"


@pytest.mark.parametrize("name", ["file", "folder", "nothing", "a\0b", "x" * 300])
def test_files_and_folders_are_not_pipes(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert not is_pipe(tmp_path / name)


def test_a_pipe_without_a_text(tmp_path):
    with (
        written_into(tmp_path / "pipe", b""),
        pytest.raises(CorpusError, match="pipe is empty; choose a text with characters in it"),
    ):
        from_pipe(tmp_path / "pipe", tmp_path / "kept")
    with pytest.raises(CorpusError, match=r"cannot read .*gone: No such file"):
        from_pipe(tmp_path / "gone", tmp_path)
    assert list((tmp_path / "kept").iterdir()) == []


def test_links_to_nothing_and_sockets_are_called_so(tmp_path):
    (tmp_path / "broken").symlink_to("nowhere")
    with pytest.raises(CorpusError, match=r"broken is a link to nowhere, which is not there; check the link"):
        from_path(tmp_path / "broken", glob=ALL)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CorpusError, match=r"cannot read .*loop: Too many levels of symbolic links"):
        from_path(tmp_path / "loop", glob=ALL)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")  # in the current folder: the path of a socket must be short
        with pytest.raises(CorpusError, match=r"socket is a socket, not a text; name a file or a folder"):
            from_path(Path("socket"), glob=ALL)


def test_a_text_is_looked_for_in_a_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(CorpusError, match=r"no file or folder x \(and the current folder is gone\); check the path"):
        from_path(Path("x"), glob=ALL)


def test_a_pipe_tells_how_much_has_arrived(tmp_path):
    seen = []
    with written_into(tmp_path / "pipe", b"x" * 100_000):
        from_pipe(tmp_path / "pipe", tmp_path / "kept", lambda *counts: seen.append(counts))
    assert seen == [(65536, 0), (100_000, 0)]


def test_a_pipe_that_nobody_writes_says_so(tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(source_module, "PATIENCE", 0.0)
    os.mkfifo(tmp_path / "pipe")

    def write():
        while not caplog.messages:  # so that the note comes first, however long that takes
            time.sleep(0.01)
        (tmp_path / "pipe").write_bytes(b"hello")

    writer = Thread(target=write, daemon=True)
    writer.start()
    assert read(from_pipe(tmp_path / "pipe", tmp_path / "kept")) == "hello"
    writer.join(10)
    assert caplog.messages == [f"waiting for text from {tmp_path / 'pipe'}"]


def test_a_system_without_threads_reads_all_the_same(tmp_path, monkeypatch):
    def refuse(timer):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(source_module.Timer, "start", refuse)
    assert read(from_stdin(io.BytesIO(b"hello"), tmp_path)) == "hello"


def test_reading_that_is_interrupted_leaves_nothing(tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        from_stdin(io.BytesIO(b"hello"), tmp_path / "run", interrupt)
    assert list((tmp_path / "run").iterdir()) == []


def test_folders_that_cannot_be_read_are_left_out_and_told(tmp_path, monkeypatch):
    for name in ("a", "b/c", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "x.txt").write_text("x")
    closed = {tmp_path / "b" / "c", tmp_path / ".hidden"}  # by a stand-in, as root may read everything
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in closed)
    assert from_path(tmp_path, glob=ALL).notices == (f"left out 1 unreadable folder ({tmp_path}/b/c)",)
