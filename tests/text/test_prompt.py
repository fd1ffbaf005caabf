"""Texts that are held in memory as a whole."""

import io
import sys
import tempfile
from types import SimpleNamespace

import pytest

from charrnn.config import Config
from charrnn.errors import CorpusError, StorageError
from charrnn.text import prompt
from charrnn.text.prompt import MEMORY_PER_BYTE, read_texts
from tests.support.pipes import written_into


class Endless(io.RawIOBase):
    """A stream like that of `yes`, which ends a test that reads too much of it."""

    def __init__(self, most):
        self.left = most

    def readable(self):
        return True

    def readinto(self, buffer):
        self.left -= len(buffer)
        assert self.left > 0
        buffer[:] = (b"y\n" * len(buffer))[: len(buffer)]
        return len(buffer)


@pytest.fixture
def little_memory(monkeypatch):
    """Memory for a million bytes of text."""
    monkeypatch.setattr(prompt, "available_memory", lambda: 1_000_000 * MEMORY_PER_BYTE)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder of its own for temporary files."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def stand_in(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))


def test_a_pipe_that_does_not_end_is_refused_and_leaves_nothing(little_memory, temporary, monkeypatch):
    stand_in(monkeypatch, io.BufferedReader(Endless(5_000_000)))
    with pytest.raises(
        CorpusError, match=r"^standard input is too large to be read as a whole: 1 MB or more.* head -c 50"
    ):
        read_texts(["-"], Config())
    assert list(temporary.iterdir()) == []


def test_a_large_file_is_refused_before_it_is_read(little_memory, tmp_path, monkeypatch):
    (tmp_path / "x.txt").write_text("ab" * 500_001)
    monkeypatch.setattr(prompt, "Reader", None)
    with pytest.raises(CorpusError, match=r"x.txt is too large to be read as a whole"):
        read_texts([str(tmp_path / "x.txt")], Config())


def test_a_text_that_fits_is_read(little_memory, tmp_path, temporary, monkeypatch):
    seen = []
    stand_in(monkeypatch, io.BytesIO(b"ab" * 100_000))
    assert read_texts(["-"], Config(), lambda *counts: seen.append(counts)) == "ab" * 100_000
    assert seen[0] == (65536, 0) and (200_000, 0) in seen
    (tmp_path / "x.txt").write_text("ab" * 100_000)
    assert read_texts([str(tmp_path / "x.txt")], Config(), lambda *counts: seen.append(counts)) == "ab" * 100_000
    assert seen[-1] == (200_000, 200_000)


def test_unknown_memory_is_no_bound(monkeypatch, tmp_path):
    monkeypatch.setattr(prompt, "available_memory", lambda: None)
    (tmp_path / "x.txt").write_text("ab")
    assert read_texts([str(tmp_path / "x.txt")], Config()) == "ab"


@pytest.fixture
def no_temporary_folder(monkeypatch):
    """Let the system have no place for temporary files; a folder that is named can still have them."""
    make = tempfile.TemporaryDirectory

    def refuse(prefix, dir=None):
        if dir is None:
            raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
        return make(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)


def test_without_a_temporary_folder_a_pipe_is_read_by_way_of_the_cache(tmp_path, no_temporary_folder):
    with written_into(tmp_path / "pipe", b"hello"):
        assert read_texts([str(tmp_path / "pipe")], Config()) == "hello"
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_needs_no_temporary_folder(tmp_path, no_temporary_folder, monkeypatch):
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "x.txt" / "cache"))
    (tmp_path / "x.txt").write_text("hello")
    assert read_texts([str(tmp_path / "x.txt")], Config()) == "hello"


def test_without_any_folder_one_line_says_so(tmp_path, no_temporary_folder, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "file" / "cache"))
    stand_in(monkeypatch, io.BytesIO(b"a"))
    with pytest.raises(StorageError, match=r"^temporary files cannot be written: No usable .*; set TMPDIR to a folder"):
        read_texts(["-"], Config())
