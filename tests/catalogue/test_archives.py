"""Texts are extracted from archives, and nothing else in an archive is trusted."""

import tracemalloc

import pytest

from charrnn.catalogue import archives
from charrnn.catalogue.archives import deb_text, tar_text, zip_text
from charrnn.errors import CorpusError
from tests.catalogue.packing import ar, tar, zipped

FILES = {
    "k/b.c": b"b\n",
    "k/sub/a.c": b"sub\n",
    "k/a.c": b"a",
    "k/a.h": b"h\n",
    "/k/root.c": b"root\n",
    "j/a.c": b"j\n",
}


@pytest.mark.parametrize(
    ("read", "pack"),
    [
        (zip_text, zipped),
        (tar_text, tar),
        (
            lambda path, patterns: deb_text(path, "usr/k.tar.xz", patterns),
            lambda files: ar({"debian-binary": b"2.0\n5", "data.tar.gz": tar({"./usr/k.tar.xz": tar(files)}, "w:gz")}),
        ),
    ],
)
class TestArchives:
    def test_members_are_ordered_by_pattern_and_name(self, tmp_path, read, pack):
        (tmp_path / "x").write_bytes(pack(FILES))
        assert read(tmp_path / "x", ["k/*.h", "k/*.c"]) == b"h\na\nb\nsub\n"

    def test_a_pattern_without_a_member_is_named(self, tmp_path, read, pack):
        (tmp_path / "x").write_bytes(pack(FILES))
        with pytest.raises(CorpusError, match=r"no member k/\*\.py"):
            read(tmp_path / "x", ["k/*.c", "k/*.py"])

    def test_a_bomb_is_not_unpacked(self, tmp_path, read, pack, monkeypatch):
        monkeypatch.setattr(archives, "MAX_TEXT", 1000)
        (tmp_path / "x").write_bytes(pack({"k/a.c": bytes(600), "k/b.c": bytes(600)}))
        with pytest.raises(CorpusError, match="more than 1000 bytes"):
            read(tmp_path / "x", ["k/*"])

    @pytest.mark.parametrize("damage", [lambda content: b"nothing", lambda content: content[:20]])
    def test_a_damaged_archive_is_one_line(self, tmp_path, read, pack, damage):
        (tmp_path / "x").write_bytes(damage(pack(FILES)))
        with pytest.raises(CorpusError, match=r"^x cannot be read as an archive"):
            read(tmp_path / "x", ["k/*"])


def test_a_deb_without_the_archive_says_so(tmp_path):
    (tmp_path / "x").write_bytes(ar({"data.tar.xz": tar({"./usr/other": b""})}))
    with pytest.raises(CorpusError, match="x has no member usr/k"):
        deb_text(tmp_path / "x", "usr/k", ["*"])


def test_no_more_of_a_bomb_is_unpacked_than_a_text_may_have(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_TEXT", 10)
    (tmp_path / "x").write_bytes(zipped({"bomb": bytes(8 << 20)}))
    tracemalloc.start()
    with pytest.raises(CorpusError, match="more than 10 bytes"):
        zip_text(tmp_path / "x", ["bomb"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
