"""The texts that people name, from the request to a trained run, and when it is resumed."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from charrnn.cli.naming import naming_options
from charrnn.errors import CorpusError, OptionError
from charrnn.runs import checkpoint
from charrnn.training.events import Sampled
from tests.support.training import SMALL, TEXT, setup, sha256, told, train

SHORT = SMALL | {"steps": 4}


def notices(corpus, settings=SHORT, **request):
    return told(setup(corpus, settings, **request))


def resumed(run, corpus=None):
    """The last checkpoint file of a run that is resumed up to step 4."""
    train(corpus, {}, run=str(run), resume=True)
    return sha256(run / "last.safetensors")


@pytest.fixture
def halves(tmp_path):
    """The text in two files."""
    cut = TEXT.index("\n", len(TEXT) // 2) + 1
    (tmp_path / "first.txt").write_text(TEXT[:cut])
    (tmp_path / "second.txt").write_text(TEXT[cut:])
    return ("first.txt", "second.txt")


def test_several_texts_train_as_one(text, halves, tmp_path):
    train(halves, SHORT)
    train(text, SHORT)
    several = checkpoint.load(tmp_path / "runs" / "first" / "last.safetensors")
    one = checkpoint.load(tmp_path / "runs" / "fox" / "last.safetensors")
    assert several.corpus.sha256 == one.corpus.sha256
    assert several.corpus.description == "first.txt and 1 more"
    assert several.corpus.argument == list(halves)
    assert one.corpus.argument == text


def test_a_run_of_several_texts_resumes(halves, tmp_path):
    run = tmp_path / "runs" / "first"
    train(halves, SHORT)
    whole = sha256(run / "last.safetensors")
    for again in (None, halves):
        train(halves, SHORT, force=True, stop_at=2)
        assert resumed(run, again) == whole
    train(halves, SHORT, force=True, stop_at=2)
    (run / "tokens.bin").unlink()  # so that the texts are read again
    assert resumed(run) == whole
    with pytest.raises(CorpusError, match=r"second\.txt and 1 more is not the text that this run learned from"):
        train(halves[::-1], {}, run=str(run), resume=True)


def test_several_texts_that_have_changed_are_reported(halves, tmp_path):
    train(halves, SHORT, stop_at=2)
    assert notices(None, {}, run="runs/first", resume=True) == []
    (tmp_path / "second.txt").write_text("another text\n" * 20)
    (notice,) = notices(None, {}, run="runs/first", resume=True)
    assert notice.startswith("first.txt second.txt have changed; ")


def test_a_corpus_of_the_catalogue_may_be_one_of_several(text):
    assert setup(("names", text), SHORT).started.corpus == "First names (bundled) and 1 more"


def test_standard_input_must_be_the_only_text(text):
    with pytest.raises(
        CorpusError, match=r"- \(standard input\) must be the only text; .* cat \S+fox\.txt - \| charrnn train -"
    ):
        setup((text, "-"), SHORT)


def test_a_compressed_text_is_the_same_text(text, tmp_path):
    train(text, SHORT)
    whole = checkpoint.load(tmp_path / "runs" / "fox" / "last.safetensors")
    for suffix, compress in {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}.items():
        (tmp_path / f"fox.txt.{suffix}").write_bytes(compress(TEXT.encode()))
        train(f"fox.txt.{suffix}", SHORT, force=True)
        packed = checkpoint.load(tmp_path / "runs" / "fox" / "last.safetensors")
        assert packed.corpus.sha256 == whole.corpus.sha256
        assert packed.corpus.size == len(TEXT)


def test_a_run_of_a_compressed_text_resumes(tmp_path):
    (tmp_path / "fox.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    run = tmp_path / "runs" / "fox"
    train("fox.txt.gz", SHORT)
    whole = sha256(run / "last.safetensors")
    for remove in ((), ("tokens.bin",)):
        train("fox.txt.gz", SHORT, force=True, stop_at=2)
        for name in remove:
            (run / name).unlink()
        assert notices(None, {}, resume=True, run=str(run)) == []
        assert resumed(run) == whole
    train("fox.txt.gz", SHORT, force=True, stop_at=2)
    (tmp_path / "fox.txt").write_text(TEXT)
    assert resumed(run, "fox.txt") == whole  # decompressed meanwhile


def test_a_compressed_text_on_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(TEXT.encode()))))
    train("-", SHORT)
    assert (tmp_path / "runs" / "stdin" / "stdin.txt").read_text() == TEXT


def test_a_damaged_text_leaves_no_run(tmp_path):
    (tmp_path / "fox.txt.gz").write_bytes(gzip.compress(TEXT.encode())[:-9])
    with pytest.raises(CorpusError, match=r"fox\.txt\.gz is damaged or incomplete gzip data"):
        setup("fox.txt.gz", SHORT)
    assert not (tmp_path / "runs" / "fox").exists()


def test_utf_16_is_reported(tmp_path):
    (tmp_path / "windows.txt").write_bytes(TEXT.encode("utf-16"))
    session = setup("windows.txt", SHORT)
    assert told(session) == ["read as UTF-16, as the byte order mark says"]
    assert session.started.train_chars + session.started.val_chars == len(TEXT)


def test_a_folder_trains_twice_and_leaves_out_its_runs(text, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\xff")
    assert notices(".", run="runs/first") == ["left out 1 binary file"]
    train(".", SHORT, run="runs/second")
    assert notices(".", run="runs/third") == ["left out 1 binary file and 2 run folders (runs/first, runs/second)"]
    train(".", SHORT, run="runs/second", force=True)
    ids = {(tmp_path / "runs" / name / "tokens.bin").read_bytes() for name in ("first", "second", "second.old")}
    assert len(ids) == 1


def test_bytes_of_a_folder_are_read_whatever_they_are(tmp_path):
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "a.mid").write_bytes(b"MThd\0\0\0\x06" * 100)
    assert notices("songs", SHORT | {"bytes": True}) == []
    train("songs", SHORT | {"bytes": True}, force=True, stop_at=2)
    train("songs", {}, resume=True)


def test_an_encoding_that_was_named_decides_which_files_of_a_folder_are_texts(tmp_path):
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows" / "a.txt").write_bytes(TEXT.encode("utf-32-le"))  # without a byte order mark
    assert notices("windows", SHORT | {"encoding": "utf-32-le"}) == []
    with pytest.raises(CorpusError, match="left out 1 binary file"):
        setup("windows", SHORT, force=True)
    with pytest.raises(OptionError, match="there is no encoding 'nosuch'"):
        setup("windows", SHORT | {"encoding": "nosuch"})


def test_a_configuration_file_may_choose_the_files_of_a_folder(text, tmp_path):
    (tmp_path / "other.md").write_text("# other\n")
    (tmp_path / "settings.yaml").write_text("glob: '*.txt'\nhidden_size: 8\n")
    session = setup(".", SHORT, config_file=tmp_path / "settings.yaml")
    assert session.started.corpus == ". (1 file)"


def test_a_web_address_is_answered_with_a_command():
    with pytest.raises(CorpusError, match=r"is a web address; .* curl -L 'https://a\.b/c\?d' \| charrnn train -"):
        setup("https://a.b/c?d", SHORT)


def levels(folder, ends=("\n", "", "")):
    folder.mkdir()
    for number, end in enumerate(ends):
        (folder / f"{number}.txt").write_text(f"+--{number}\n##--\n####{end}" * 20)
    return str(folder)


def test_a_note_says_how_many_files_lacked_their_last_newline(tmp_path):
    corpus = levels(tmp_path / "levels", ("\n", "", "", ""))
    assert "2 files end without a newline; one was added after each" in notices(corpus)
    assert "1 file ends without a newline; one was added after it" in notices(levels(tmp_path / "b", ("", "\n")))
    assert not any("newline" in each for each in notices(levels(tmp_path / "c", ("\n", "\n", ""))))
    assert not any("newline" in each for each in notices(corpus, SHORT | {"between": "%"}, force=True))


def test_a_separator_typed_with_escapes_is_kept_as_it_is_meant(tmp_path):
    corpus = levels(tmp_path / "levels")
    said = r"--separator '\x1e' is read as U+001E, as the text has no backslash"
    assert said not in notices(corpus, SHORT | {"separator": "\x1e"})
    assert said in notices(corpus, SHORT | {"separator": r"\x1e"}, force=True, run="other")
    saved = checkpoint.load(train_records(corpus, r"\x1e"))
    assert saved.config["separator"] == "\x1e"


def train_records(corpus, separator):
    train(corpus, SHORT | {"separator": separator}, run="records")
    return Path("records/last.safetensors")


def test_a_note_says_after_how_many_files_the_separator_was_added(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, content in enumerate(("a\n\nb\n", "c\n\n", "d\n\ne")):
        (folder / f"{number}.txt").write_text(content * 30)
    said = "2 files end without the separator; it was added after each"
    assert said in notices(str(folder), SHORT | {"separator": "\n\n"})


def test_a_note_says_where_line_ends_keep_records_from_ending(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"a\n\nb\n" * 30)
    (folder / "b.txt").write_bytes(b"a\r\n\r\nb\r\n" * 30)
    said = "kept 90 CRLF line ends, where no record ends, as the separator has LF (--newlines lf makes them LF)"
    assert said in notices(str(folder), SHORT | {"separator": "\n\n"})
    lf = notices(str(folder), SHORT | {"separator": "\n\n", "newlines": "lf"}, force=True)
    assert "made 90 CRLF line ends LF" in lf


def test_a_separator_that_the_text_lacks_is_refused_before_anything_is_written(text):
    said = r"^--separator %% does not divide .*fox.txt into records"
    with pytest.raises(OptionError, match=said), naming_options(["separator"]):
        setup(text, SHORT | {"separator": "%%"})
    assert not Path("runs/fox").exists()


def test_the_sample_shown_while_a_run_learns_is_a_record(tmp_path):
    (tmp_path / "pairs.txt").write_text("+ab\n-ba\n\n" * 60)
    larger = {"hidden_size": 16, "num_layers": 1, "steps": 150, "learning_rate": 0.02}
    settings = SHORT | larger | {"separator": "\n\n", "sample_length": 60}
    events = train("pairs.txt", settings)
    assert [event.text for event in events if isinstance(event, Sampled)][-1] == "+ab\n-ba"
