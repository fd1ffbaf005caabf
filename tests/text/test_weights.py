"""Files that count more than others."""

from pathlib import Path

import pytest

from charrnn.config import Config
from charrnn.errors import SettingError
from charrnn.text.files.source import from_path, joined
from charrnn.text.files.weights import notice, weights_of

FILES = ("a.txt", "b.md", "new/a.txt", "new/deep/c.txt", "old/c [1].txt")


@pytest.fixture
def corpus(tmp_path):
    """A folder of files, named by a relative path, below a folder whose name is also that of a folder in it."""
    for name in FILES:
        file = Path("new", "corpus", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return from_path(Path("new/corpus"), glob="**/*")


def counted_twice(source, weight):
    weights = weights_of(source, Config(weight=weight))
    return [file.as_posix() for file, times in zip(source.files, weights, strict=True) if times == 2]


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("b.md", ["b.md"]),
        ("a.txt", ["a.txt", "new/a.txt"]),
        ("*.md", ["b.md"]),
        ("new/*", ["new/a.txt", "new/deep/c.txt"]),
        ("new/a.txt", ["new/a.txt"]),
        ("deep/c.txt", ["new/deep/c.txt"]),
        ("deep/*", ["new/deep/c.txt"]),
        ("new/corpus/old/*", ["old/c [1].txt"]),
        ("./new/corpus/b.md", ["b.md"]),
        ("[bz].??", ["b.md"]),
        ("c [[]1].txt", ["old/c [1].txt"]),
    ],
)
def test_a_pattern_fits_paths_and_names(corpus, pattern, files):
    assert counted_twice(corpus, f"{pattern}=2") == [f"new/corpus/{name}" for name in files]


def test_texts_are_files_and_folders(corpus, tmp_path):
    Path("a=b.txt").write_text("x")
    source = joined([from_path(Path(name), glob="**/*") for name in ("a=b.txt", "new/corpus")])
    assert counted_twice(source, "a=b.txt=2") == ["a=b.txt"]
    assert counted_twice(source, "corpus=2") == [f"new/corpus/{name}" for name in FILES]


def test_without_weights_every_file_counts_once(corpus):
    assert weights_of(corpus, Config()) == (1,) * 5
    assert notice((1, 1)) == ""


def test_the_last_pattern_that_fits_counts(corpus):
    weights = weights_of(corpus, Config(weight="*=3, new/*=1, b.md=5"))
    assert weights == (3, 5, 1, 1, 3)
    assert notice(weights) == "each epoch reads 2 of 5 files 3 times, 1 of 5 files 5 times (--weight)"


@pytest.mark.parametrize(
    ("weight", "why"),
    [
        ("*.tex=2", r"weight '\*\.tex' fits no file of new/corpus \(5 files\), such as a.txt, b.md, a.txt"),
        ("a.txt=2,txt=2", "'txt' fits no file"),
        ("a.txt", "'a.txt' is not GLOB=N"),
        ("=2", "'=2' is not GLOB=N"),
        ("a.txt=2,", "'' is not GLOB=N"),
        ("a.txt=two", "'two' in 'a.txt=two' is not a whole number from 1"),
        ("a.txt=0", "'0' in"),
        ("a.txt=-1", "'-1' in"),
        ("a.txt=1.5", "'1.5' in"),
        ("a.txt=²", "'²' in"),
        ("a.txt=99999", "from 1 to 1000"),
        pytest.param(f"a.txt={'9' * 5000}", "from 1 to 1000", id="more digits than Python reads"),
        ("*=4", "counts all files .* 4 times, which changes nothing; leave it out"),
        ("a.txt=1", "counts all files .* once"),
    ],
)
def test_weights_that_cannot_be(corpus, weight, why):
    with pytest.raises(SettingError, match=why) as refused:
        weights_of(corpus, Config(weight=weight))
    assert refused.value.names == ("weight",)
