"""Corpora by name: the real catalogue, fetching and verifying, and wrong corpus files."""

import os
import sysconfig
from pathlib import Path

import pytest

from charrnn import catalogue
from charrnn.catalogue import fetch_corpus, find_corpus, list_corpora, local_path, open_corpus, verify_corpus
from charrnn.catalogue.fetch import fetch_text
from charrnn.catalogue.sources import Download, Url
from charrnn.errors import CorpusError

ENTRY = """
title: T
description: D
licence: L
sources:
  - kind: url
    url: https://example.org/x
    size: 6
    sha256: {sha256}
"""
TEXT_SHA256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # of "hello\n"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def entries(tmp_path, monkeypatch, cache) -> Path:
    """A folder of corpus files in place of the real one; every download in it is the text "hello"."""
    folder = tmp_path / "entries"
    folder.mkdir()
    (folder / "x.yaml").write_text(ENTRY.format(sha256=TEXT_SHA256))
    monkeypatch.setattr(catalogue, "catalogue_folder", lambda: folder)
    monkeypatch.setattr(Url, "obtain", says("hello\n"))
    return folder


def says(text: str):
    def obtain(self, folder, progress):
        (folder / "file").write_text(text)
        if progress:
            progress(len(text), len(text))
        return folder / "file"

    return obtain


# The real catalogue


def test_the_catalogue_has_these_corpora():
    corpora = {corpus.name: corpus for corpus in list_corpora()}
    assert list(corpora) == ["linux", "names", "python", "shakespeare"]
    assert [name for name, corpus in corpora.items() if corpus.offline] == ["names", "python"]


def test_every_download_is_verified_or_says_that_it_is_not():
    for corpus in list_corpora():
        for source in corpus.sources:
            if isinstance(source, Download) and source.unverified:
                assert "unverified" in source.note


def test_the_stand_in_for_tinyshakespeare_says_so():
    first, second = find_corpus("shakespeare").sources
    assert (first.result.size, first.note) == (1_115_394, "")
    assert first.result != second.result
    assert "not tinyshakespeare byte for byte" in second.note


def test_bundled_names_are_right():
    source = open_corpus("names")
    assert source.name == "names"
    lines = source.files[0].read_text().splitlines()
    assert len(lines) == len(set(lines)) == 30_000
    assert set("".join(lines)) == set("abcdefghijklmnopqrstuvwxyz")
    assert lines[:3] == ["jacob", "michael", "matthew"]


def test_the_standard_library_is_read_in_place():
    source = open_corpus("python")
    library = Path(sysconfig.get_path("stdlib"))
    assert library / "this.py" in source.files
    assert not any("test" in path.relative_to(library).parts for path in source.files)
    assert "Python 3." in source.description
    assert local_path(find_corpus("python")) == library


# Corpora on this machine


@pytest.mark.parametrize(
    ("variables", "start"),
    [
        ({"CHARRNN_CACHE": "/c", "XDG_CACHE_HOME": "/x"}, "/c"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/charrnn"),
        ({"HOME": "/h"}, "/h/.cache/charrnn"),
    ],
)
def test_the_cache_folder(monkeypatch, variables, start):
    for name in ("CHARRNN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert local_path(find_corpus("linux")) == Path(start, "corpora/linux/linux.txt")


def test_opening_fetches_once(entries, cache, monkeypatch):
    assert not catalogue.is_here(find_corpus("x"))
    seen = []
    source = open_corpus("x", progress=lambda *pair: seen.append(pair))
    assert seen == [(6, 6)]
    assert source.files == (cache / "corpora/x/x.txt",)
    assert source.files[0].read_text() == "hello\n"
    assert source.description == "T (example.org)"
    monkeypatch.setattr(Url, "obtain", None)
    assert open_corpus("x") == source


def test_a_changed_text_is_not_passed_off_as_the_corpus(entries):
    path = open_corpus("x").files[0]
    path.write_text("hallo\n")
    with pytest.raises(CorpusError, match=r"x\.txt differs from corpus x: .*; run charrnn corpora fetch --force x"):
        open_corpus("x")
    fetch_corpus(find_corpus("x"))
    assert verify_corpus(find_corpus("x")).sha256 == TEXT_SHA256


def test_a_text_fetched_under_an_older_entry_is_not_the_corpus(entries):
    open_corpus("x")
    with (entries / "x.yaml").open("a") as file:
        file.write(f"    result: {{size: 6, sha256: '{'0' * 64}'}}\n")
    with pytest.raises(CorpusError, match="differs from corpus x"):
        verify_corpus(find_corpus("x"))


def test_verify_needs_a_text(entries):
    with pytest.raises(CorpusError, match="x is not here; run charrnn corpora fetch x"):
        verify_corpus(find_corpus("x"))


def test_failure_lists_what_works_offline(cache, monkeypatch):
    monkeypatch.setattr(catalogue, "fetch_text", lambda name, sources, *rest: fetch_text(name, [], *rest))
    with pytest.raises(CorpusError, match=r"^linux cannot be fetched: ; these work offline: names, python$"):
        fetch_corpus(find_corpus("linux"))


def test_an_edited_bundled_file_is_found(entries):
    (entries / "b.yaml").write_text(
        ENTRY.split("  - kind")[0] + "  - kind: bundled\n    file: b.txt\n"
        f"    result: {{size: 6, sha256: {TEXT_SHA256}}}\n"
    )
    (entries / "b.txt").write_text("hello\n")
    assert open_corpus("b").size == 6
    (entries / "b.txt").write_text("hello")
    with pytest.raises(CorpusError, match=r"differs from corpus b: 5 bytes .*; restore it"):
        open_corpus("b")


# Reading corpus files


def test_an_unknown_name_gets_the_nearest_and_all():
    with pytest.raises(CorpusError, match="unknown corpus 'shakespear'; did you mean shakespeare"):
        find_corpus("shakespear")
    with pytest.raises(CorpusError, match="unknown corpus 'zzz'; the corpora are linux, names, python, shakespeare"):
        find_corpus("zzz")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("title: T", "titel: T", "unknown key 'titel'; did you mean title"),
        ("title: T", "", "the key title is missing"),
        ("title: T", "title: 3", "title must be of type str, not 3"),
        ("title: T", "name: y\ntitle: T", "the name of a corpus is that of its file, x"),
        ("title: T", "title: [", "is not valid YAML"),
        ("    size", "    sise", "unknown key 'sise'; did you mean size"),
        ("    size: 6", "    size: true", "size must be of type int, not True"),
        ("    size: 6", "    size: 6\n    cleaning: tidy-lines", "cleaning must be a list, not 'tidy-lines'"),
        ("    size: 6", "    size: 6\n    cleaning: [tidy]", "unknown cleaning step 'tidy'"),
        ("    size: 6", "    size: 6\n    result: 3", "3 is not a mapping"),
        ("    size: 6", "    size: 6\n    result: {size: 3}", "the key sha256 is missing"),
        ("kind: url", "kind: ulr", "unknown kind 'ulr'; did you mean url"),
        ("kind: url\n    ", "", "a source is a mapping with a kind"),
        ("sources:", "sources:\n  - {kind: stdlib}", "kind bundled or stdlib is always available"),
        (
            "sources:",
            "sources:\n  - {kind: url, url: https://example.org, size: 1, sha256: x}",
            "two sources are called",
        ),
        ("sources:", "sources: []\nother:", "unknown key 'other'"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(entries, before, after, reason):
    path = entries / "x.yaml"
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(CorpusError, match=reason) as raised:
        list_corpora()
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", ["", "- a", "sources: []\ntitle: T\ndescription: D\nlicence: L"])
def test_an_empty_file_is_refused(entries, content):
    (entries / "x.yaml").write_text(content)
    with pytest.raises(CorpusError, match=r"is empty|does not consist"):
        find_corpus("x")


def test_the_installed_folder_comes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "charrnn" / "corpus" / "catalogue.py"))
    assert catalogue.catalogue_folder() == tmp_path / "corpora"
    os.makedirs(tmp_path / "charrnn" / "corpora")
    assert catalogue.catalogue_folder() == tmp_path / "charrnn" / "corpora"
