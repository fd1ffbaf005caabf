"""What runs hold out: files of their own, files that are called so, or blocks if the end is unlike the rest."""

import gzip
import itertools
import os
import random
from pathlib import Path

import pytest

from charrnn.errors import CharrnnError, CorpusError
from charrnn.evaluation.compare import compare
from charrnn.evaluation.parts import own_part
from charrnn.runs import checkpoint
from charrnn.runs.model import open_model
from charrnn.runs.run import Run
from tests.support.training import SMALL, TEXT, setup, told, train

CHILDREN = itertools.count()
VAL = "the quick brown fox sleeps\n" * 5
TEST = "a lazy dog jumps\n" * 7


@pytest.fixture
def parts():
    """Files to validate and to test on, beside `fox.txt`."""
    Path("v.txt").write_text(VAL)
    Path("t.txt").write_text(TEST)


def read(session, part="train"):
    tokens = session.setup.tokens
    return tokens.vocabulary.decode(getattr(tokens.parts, part))


def folder(**files):
    for name, content in files.items():
        file = Path("data", name.replace("__", "/") + ".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return "data"


def test_a_part_with_a_file_of_its_own_is_not_cut_from_the_text(text, parts):
    session = setup(text, {**SMALL, "val": "v.txt", "test": "t.txt"}, run="run")
    assert [read(session, part) for part in ("train", "val", "test")] == [TEXT, VAL, TEST]
    assert session.started.corpus.endswith("fox.txt, --val v.txt, --test t.txt")
    session = setup(text, {**SMALL, "val": "v.txt", "test_fraction": 0.25}, run="other")
    assert (read(session, "val"), read(session) + read(session, "test")) == (VAL, TEXT)
    session = setup(text, {**SMALL, "test": "t.txt", "split": "lines"}, run="lines")
    assert read(session, "test") == TEST
    assert sorted((read(session) + read(session, "val")).splitlines()) == sorted(TEXT.splitlines())


def test_a_part_can_be_a_folder_or_compressed(text):
    folder(a=VAL, b=TEST)
    Path("v.txt.gz").write_bytes(gzip.compress(VAL.encode()))
    assert read(setup(text, SMALL | {"val": "data"}, run="run"), "val") == VAL + TEST
    assert read(setup(text, SMALL | {"val": "v.txt.gz"}, run="other"), "val") == VAL


def test_the_parts_of_a_run_are_scored(text, parts):
    train(text, {**SMALL, "val": "v.txt", "test": "t.txt"}, run="run")
    model = open_model("run", device="cpu", kernel="numpy")
    for part, content in (("val", VAL), ("test", TEST), ("train", TEXT)):
        assert model.vocabulary.decode(own_part(model, part)) == content
    assert checkpoint.load(Path("run/last.safetensors")).corpus.size == len(TEXT + VAL + TEST)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"val": "nope.txt"}, r"^--val: there is no file or folder 'nope.txt'"),
        ({"test": "nope"}, r"^--test: .*nope"),
        ({"val": "-"}, r"^--val - is a pipe, which cannot be read twice; write the text to a file"),
        ({"val": "empty.txt"}, r"^--val empty.txt is empty"),
        ({"test": "empty"}, r"^--test: the folder empty is empty"),
        ({"val": "one.txt"}, r"^--val one.txt has 1 character; it needs at least 2"),
        ({"val": "fox.txt"}, r"^--val fox.txt is the text itself"),
        ({"val": "link.txt"}, r"^--val link.txt is the text itself"),
        ({"test": "./fox.txt"}, r"^--test ./fox.txt is the text itself"),
        ({"val": "v.txt", "test": "v.txt"}, r"^--test v.txt is also the file of --val"),
        ({"val": "v.txt", "val_fraction": 0.2}, r"val_fraction has no effect beside val v.txt"),
        ({"test": "t.txt", "test_fraction": 0.2}, r"test_fraction has no effect beside test t.txt"),
        ({"val": "latin.txt"}, r"^latin.txt: byte 0xe9 .* is not utf-8"),
        ({"val": "by-name"}, r"^--val by-name: no file of .*fox.txt is called val"),
        ({"weight": "x=2"}, r"^weight 'x' fits no file of .*fox.txt"),
    ],
)
def test_what_cannot_be_held_out(text, parts, settings, why):
    Path("empty.txt").touch()
    Path("empty").mkdir()
    Path("one.txt").write_text("a")
    Path("latin.txt").write_bytes(b"caf\xe9\n" * 9)
    os.symlink("fox.txt", "link.txt")
    with pytest.raises(CharrnnError, match=why):
        setup("fox.txt", SMALL | settings, run="run")
    assert not Path("run").exists()


def test_a_pipe_cannot_be_a_part(text):
    os.mkfifo("pipe")
    with pytest.raises(CorpusError, match="--test pipe is a pipe, which cannot be read twice"):
        setup(text, SMALL | {"test": "pipe"}, run="run")


def test_a_file_of_the_text_that_is_held_out_is_not_learned():
    data = folder(a=TEXT, b=VAL, c=TEST)
    session = setup(data, SMALL | {"val": "data/b.txt"}, run="run")
    assert (read(session), read(session, "val")) == (TEXT + TEST, VAL)
    assert "1 file of the text is not learned: --val data/b.txt holds out what is in it" in told(session)
    session = setup(("data/a.txt", "data/b.txt"), SMALL | {"val": "data/b.txt"}, run="other")
    assert (read(session), read(session, "val")) == (TEXT, VAL)


def test_parts_by_name_and_how_to_undo_it():
    data = folder(train=TEXT, valid=VAL, test=TEST, README="a data set")
    session = setup(data, SMALL, run="run")
    assert [read(session, part) for part in ("train", "val", "test")] == [TEXT, VAL, TEST]
    (said,) = [line for line in told(session) if "as names of files say" in line]
    assert "trained on train.txt, validated on valid.txt, tested on test.txt" in said and "--val-fraction 0.1" in said
    assert session.setup.given_by["val"] == "names of files"
    session = setup(data, SMALL | {"val_fraction": 0.1}, run="pooled")
    assert len(read(session)) + len(read(session, "val")) == len(TEXT + VAL + TEST) + len("a data set\n")
    assert not any("name" in line for line in told(session))


def test_files_that_look_held_out_are_mentioned_and_held_out_on_demand():
    data = folder(book=TEXT, valid=VAL)
    session = setup(data, SMALL, run="run")
    assert "valid.txt looks held out by name, but is learned; --val by-name holds out such files" in told(session)
    session = setup(data, SMALL | {"val": "by-name"}, run="other")
    assert (read(session), read(session, "val")) == (TEXT, VAL)


def test_a_run_with_parts_is_resumed(text, parts):
    train(text, {**SMALL, "val": "v.txt", "test": "t.txt"}, run="run", stop_at=20)
    session = setup(None, {}, run="run", resume=True)
    assert not any("changed" in line for line in told(session))
    Path("run/tokens.bin").unlink()
    session.setup.lock.release()
    session = setup(None, {}, run="run", resume=True)
    assert [read(session, part) for part in ("train", "val", "test")] == [TEXT, VAL, TEST]
    session.setup.lock.release()
    setup(text, {}, run="run", resume=True).setup.lock.release()
    Path("v.txt").write_text(VAL + VAL)
    session = setup(None, {}, run="run", resume=True)
    assert any("changed" in line for line in told(session))
    session.setup.lock.release()
    Path("run/tokens.bin").unlink()
    with pytest.raises(CorpusError, match=r"fox.txt, --val v.txt, --test t.txt is not the text that this run learned"):
        setup(None, {}, run="run", resume=True)


def test_files_of_a_part_can_move(text, parts):
    train(text, SMALL | {"val": "v.txt"}, run="run", stop_at=20)
    Path("v.txt").rename("moved.txt")
    Path("run/tokens.bin").unlink()
    with pytest.raises(CorpusError, match=r"--val: there is no file or folder 'v.txt'"):
        setup(None, {}, run="run", resume=True)
    session = setup(None, {"val": "moved.txt"}, run="run", resume=True)
    assert read(session, "val") == VAL
    session.setup.lock.release()
    with pytest.raises(CorpusError, match=r"--val t.txt is not the text that this run learned from"):
        setup(None, {"val": "t.txt"}, run="run", resume=True)


def test_a_folder_with_named_parts_is_resumed_with_them():
    data = folder(train__a=TEXT, train__b=TEXT, dev__a=VAL, LICENSE="free")
    train(data, SMALL, run="run", stop_at=20)
    Path("run/tokens.bin").unlink()
    session = setup(None, {}, run="run", resume=True)
    assert (read(session), read(session, "val")) == (TEXT + TEXT, VAL)


def test_runs_with_other_parts_are_not_comparable(text, parts):
    train(text, SMALL | {"val": "v.txt"}, run="a")
    train(text, SMALL | {"val": "v.txt", "hidden_size": 9}, run="same")
    train(text, SMALL | {"val": "t.txt"}, run="other")
    train(text, SMALL, run="cut")
    found = {standing.run.name: standing.differs for standing in compare([Run(Path(name)) for name in ("a", "same")])}
    assert found == {"a": (), "same": ()}
    for name in ("other", "cut"):
        found = {standing.run.name: standing.differs for standing in compare([Run(Path("a")), Run(Path(name))])}
        assert "text" in found[name] and "val" in found[name]


def test_runs_that_are_validated_on_the_same_file_are_comparable(text, parts):
    Path("more.txt").write_text(TEXT * 2)
    Path("copy.txt").write_text(VAL)
    train(text, SMALL | {"val": "v.txt"}, run="a")
    train("more.txt", SMALL | {"val": "copy.txt"}, run="more")
    train("more.txt", SMALL | {"val": "copy.txt", "bytes": True}, run="bytes")
    found = {each.run.name: each.differs for each in compare([Run(Path(name)) for name in ("a", "more", "bytes")])}
    assert found == {"a": (), "more": (), "bytes": ("bytes",)}


# A run that begins with the weights of another


def begun(text, settings, parent="parent"):
    """A session that begins with the weights of `parent`, and what it says of leaks."""
    session = setup(
        text,
        SMALL | settings,
        run=f"child{next(CHILDREN)}",
        init_from=parent,
    )
    return session, [line for line in told(session) if "learned" in line and "not learned" not in line]


def test_the_same_part_is_held_out_again(text, parts):
    train(text, SMALL | {"val": "v.txt"}, run="parent")
    session, leaks = begun(text, {})
    assert (read(session, "val"), leaks) == (VAL, [])
    assert begun(text, {"val": "v.txt"})[1] == []


def test_what_the_parent_learned_is_said(text, parts):
    train(text, SMALL | {"val": "v.txt"}, run="parent")
    assert "parent learned this text with val v.txt" in begun(text, {"val_fraction": 0.1})[1][0]
    assert begun(text, {"val": "t.txt"})[1] == []
    train(text, SMALL, run="plain")
    assert begun(text, {"val": "t.txt"}, "plain")[1] == []
    assert "plain learned --val fox.txt" in begun("t.txt", {"val": text}, "plain")[1][0].replace(f"{Path.cwd()}/", "")


def test_a_file_that_the_parent_learned_with_others_is_said():
    data = folder(a=TEXT, b=VAL)
    train(data, SMALL, run="parent")
    assert "parent learned this text with" in begun(data, {"val": "data/b.txt"})[1][0]


# The end of a text that is unlike the rest


def sorted_by_author(size=40_000):
    rng, text = random.Random(3), ""
    for author in range(10):
        own = ["".join(rng.choice("bdfgklmnprstvzaeiou") for _ in range(6)) for _ in range(30)]
        text += "".join(f"AUTHOR{author}|{' '.join(rng.choices(own, k=8))}\n" for _ in range(size // 10 // 64))
    return text


def test_blocks_are_held_out_if_the_end_is_unlike_the_rest():
    Path("authors.txt").write_text(sorted_by_author())
    session = setup("authors.txt", SMALL, run="run")
    assert session.setup.config.split == "blocks"
    (said,) = [line for line in told(session) if "unlike" in line]
    assert "so blocks from all over it are held out; --split contiguous holds out the end" in said
    session = setup("authors.txt", SMALL | {"split": "contiguous"}, run="other")
    assert session.setup.config.split == "contiguous"
    (said,) = [line for line in told(session) if "unlike" in line]
    assert said.endswith("--split blocks holds out blocks from all over it")
    assert not any("unlike" in line for line in told(setup("authors.txt", SMALL | {"split": "blocks"}, run="third")))


def test_a_choice_that_was_made_before_is_kept():
    Path("authors.txt").write_text(sorted_by_author())
    Path("own.yaml").write_text("split: contiguous\n")
    session = setup("authors.txt", SMALL, run="run", config_file=Path("own.yaml"))
    assert session.setup.config.split == "contiguous"
    train("authors.txt", SMALL | {"split": "contiguous"}, run="parent")
    session = setup("authors.txt", SMALL, run="child", init_from="parent")
    assert session.setup.config.split == "contiguous"


def test_copies_are_said():
    Path("a.txt").write_text(sorted_by_author())
    Path("v.txt").write_text(sorted_by_author()[-5000:])
    (said,) = [line for line in told(setup("a.txt", SMALL | {"val": "v.txt"}, run="run")) if "word for word" in line]
    assert said.startswith("100% of --val v.txt is also in the training text")


def test_weights_are_said():
    data = folder(a=TEXT, b=VAL, c=TEST)
    assert "each epoch reads 1 of 3 files twice (--weight)" in told(
        setup(data, SMALL | {"weight": "b.txt=2"}, run="run")
    )
