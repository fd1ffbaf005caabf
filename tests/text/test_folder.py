"""The texts in a folder, and what is left out of it."""

import gzip

import pytest

from charrnn.errors import CorpusError
from charrnn.text.files.source import from_path
from charrnn.text.reading.reader import Reader

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def fill(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def run(name):
    """The files of a run folder that matter here."""
    return {f"{name}/config.yaml": "cell: lstm\n", f"{name}/last.safetensors": "\0", f"{name}/notes.txt": "of a run"}


def names(source, folder):
    return [file.relative_to(folder).as_posix() for file in source.files]


def test_binary_files_are_left_out_and_counted(tmp_path):
    fill(tmp_path, {"a.txt": "a", "b.png": PNG, "c/d.pdf": "%PDF-1.4", "e.zip": "PK\x03\x04", "f.txt": "f"})
    source = from_path(tmp_path, glob="**/*")
    assert names(source, tmp_path) == ["a.txt", "f.txt"]
    assert source.description == f"{tmp_path} (2 files)"
    assert source.notices == ("left out 3 binary files",)


def test_compressed_and_utf_16_texts_are_not_binary_files(tmp_path):
    files = {"a.gz": gzip.compress(b"one\n"), "b.txt": "two\n".encode("utf-16"), "c.gz": gzip.compress(PNG)}
    fill(tmp_path, files)
    source = from_path(tmp_path, glob="**/*")
    assert "".join(Reader(source).text()) == "one\ntwo\n"
    assert source.notices == ("left out 1 binary file",)


def test_binary_files_can_be_asked_for(tmp_path):
    fill(tmp_path, {"a.mid": PNG, "b.mid": PNG} | run("runs/x"))
    source = from_path(tmp_path, glob="**/*", binary=True)
    assert names(source, tmp_path) == ["a.mid", "b.mid"]
    assert source.notices == (f"left out 1 run folder ({tmp_path}/runs/x)",)


def test_run_folders_are_left_out_and_named(tmp_path, monkeypatch):
    fill(tmp_path, {"a.txt": "a", "b.png": PNG, "notes/config.yaml": "not a run"} | run("runs/x") | run("runs/x/y"))
    monkeypatch.chdir(tmp_path)
    source = from_path(tmp_path.relative_to(tmp_path), glob="**/*")
    assert [str(file) for file in source.files] == ["a.txt", "notes/config.yaml"]
    assert source.notices == ("left out 1 binary file and 1 run folder (runs/x)",)


def test_of_many_run_folders_the_first_are_named(tmp_path):
    fill(tmp_path, {"a.txt": "a"} | run("r1") | run("r2") | run("r3") | run("r4") | run("r5"))
    (notice,) = from_path(tmp_path, glob="**/*").notices
    assert notice == f"left out 5 run folders ({tmp_path}/r1, {tmp_path}/r2, {tmp_path}/r3 and 2 more)"


def test_a_pattern_says_which_files_are_looked_at(tmp_path):
    fill(tmp_path, {"a.txt": "a", "b.png": PNG} | run("runs/x"))
    assert from_path(tmp_path, glob="*.txt").notices == ()


@pytest.mark.parametrize(
    ("files", "left_out"),
    [({"a.png": PNG, "b.png": PNG}, "left out 2 binary files"), (run("x"), r"left out 1 run folder \(.*\)")],
)
def test_a_folder_with_nothing_left(tmp_path, files, left_out):
    fill(tmp_path, files)
    with pytest.raises(CorpusError, match=f"no file in the folder .* is a text; {left_out}"):
        from_path(tmp_path, glob="**/*")
    with pytest.raises(CorpusError, match=rf"no file in the folder .* matches --glob '\*\*/\*\.\*'; {left_out}"):
        from_path(tmp_path, glob="**/*.*")


def test_an_empty_folder_and_one_of_hidden_files(tmp_path):
    for glob in "**/*", "*.txt":
        with pytest.raises(CorpusError, match=rf"the folder {tmp_path} is empty; put a text into it"):
            from_path(tmp_path, glob=glob)
    fill(tmp_path, {".hidden": "a"})
    with pytest.raises(CorpusError, match=r"no file in the folder .* is a text \(hidden ones are skipped\)"):
        from_path(tmp_path, glob="**/*")


def test_a_damaged_file_in_a_folder_is_named(tmp_path):
    fill(tmp_path, {"a.txt": "a", "b.gz": gzip.compress(b"text" * 99)[:15]})
    with pytest.raises(CorpusError, match=r"b\.gz is damaged or incomplete gzip data"):
        from_path(tmp_path, glob="**/*")
