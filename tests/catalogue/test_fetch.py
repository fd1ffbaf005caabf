"""A corpus comes from the first source that works, and is checked."""

import hashlib
import json
from dataclasses import dataclass

import pytest

from charrnn.catalogue.fetch import fetch_text, read_provenance
from charrnn.catalogue.sources import Checksum, Download
from charrnn.errors import CorpusError

TEXT = b"two words\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Given(Download):
    """A source of `content`, or one that fails if that is None."""

    content: bytes | None
    name: str = "here"

    @property
    def label(self):
        return self.name

    def obtain(self, folder, progress):
        if self.content is None:
            raise CorpusError("no connection")
        path = folder / "file"
        path.write_bytes(self.content)
        return path

    def read(self, path):
        return path.read_bytes()


def given(content: bytes | None = TEXT, **fields) -> Given:
    return Given(content=content, **{"max_size": 1000, "unverified": True} | fields)


def test_the_text_is_cleaned_and_its_provenance_kept(tmp_path):
    target = tmp_path / "deep" / "x" / "x.txt"
    source = given(
        b"# head\ntwo words",
        note="mind this",
        cleaning=("drop-headings", "tidy-lines"),
        result=Checksum(len(TEXT), sha256(TEXT)),
    )
    found = fetch_text("x", [source], target)
    assert target.read_bytes() == TEXT
    assert (found.origin, found.note, found.size, found.sha256) == ("here", "mind this", len(TEXT), sha256(TEXT))
    assert not found.verified
    assert read_provenance(target) == found
    assert sorted(path.name for path in target.parent.iterdir()) == ["provenance.json", "x.txt"]


def test_sources_are_tried_in_order_and_the_first_that_works_is_named(tmp_path):
    sources = [given(None, name="a"), given(b"b\n", name="b"), given(b"c\n", name="c")]
    assert fetch_text("x", sources, tmp_path / "x.txt").origin == "b"
    assert (tmp_path / "x.txt").read_bytes() == b"b\n"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"content": None}, "no connection"),
        ({"sha256": "0" * 64, "unverified": False}, "not the expected file"),
        ({"size": 3, "max_size": None}, "not the expected file"),
        ({"result": Checksum(len(TEXT), "0" * 64)}, "the cleaned text is not the expected one"),
        ({"content": b"\xff"}, "not UTF-8"),
    ],
)
def test_a_wrong_text_is_refused_and_the_old_one_stays(tmp_path, wrong, reason):
    target = tmp_path / "x.txt"
    before = fetch_text("x", [given(b"old\n")], target)
    with pytest.raises(CorpusError, match=rf"^x cannot be fetched: here: .*{reason}.*; b: no connection$"):
        fetch_text("x", [given(**wrong), given(None, name="b")], target)
    assert target.read_bytes() == b"old\n"
    assert read_provenance(target) == before
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match=r"cannot write in .*; free some space, or set CHARRNN_CACHE"):
        fetch_text("x", [given()], tmp_path / "file" / "x.txt")


def test_provenance_without_its_text_or_damaged_counts_for_nothing(tmp_path):
    target = tmp_path / "x.txt"
    assert read_provenance(target) is None
    fetch_text("x", [given()], target)
    note = target.with_name("provenance.json")
    for damaged in ("{", "[]", json.dumps({"origin": "x"})):
        note.write_text(damaged)
        assert read_provenance(target) is None
    fetch_text("x", [given()], target)
    target.unlink()
    assert read_provenance(target) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"unverified": False}, "either the sha256 of the download or unverified"),
        ({"sha256": "0" * 64}, "either the sha256 of the download or unverified"),
        ({"max_size": None}, "either size or max_size"),
        ({"size": 3}, "either size or max_size"),
        ({"cleaning": ("scrub",)}, "unknown cleaning step 'scrub'; the steps are unescape-markdown"),
    ],
)
def test_a_source_states_its_size_and_how_it_is_verified(fields, reason):
    with pytest.raises(CorpusError, match=reason):
        given(**fields)
