"""Files that are called train, valid, test or the like."""

from pathlib import Path

import pytest

from charrnn.text.files.named_parts import BY_NAME, notice, pooled_notice, suggested, with_named_part
from charrnn.text.files.source import from_path, joined


def write(*names):
    for name in names:
        file = Path("data", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return from_path(Path("data"), glob="**/*")


def names(files):
    return [file.relative_to("data").as_posix() for file in files]


@pytest.mark.parametrize(
    ("files", "val", "test"),
    [
        (["train.txt", "valid.txt", "test.txt"], ["valid.txt"], ["test.txt"]),
        (["ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"], ["ptb.valid.txt"], ["ptb.test.txt"]),
        (["wiki.train.tokens", "wiki.valid.tokens"], ["wiki.valid.tokens"], []),
        (["train/a.txt", "train/b.txt", "dev/a.txt", "test/a.txt"], ["dev/a.txt"], ["test/a.txt"]),
        (["x_training.csv", "x-val.csv"], ["x-val.csv"], []),
        (["TRAIN.TXT", "Dev.TXT"], ["Dev.TXT"], []),
        (
            ["train-00000-of-00002", "train-00001-of-00002", "validation-00000-of-00001"],
            ["validation-00000-of-00001"],
            [],
        ),
        (["europarl.train", "europarl.dev", "europarl.test"], ["europarl.dev"], ["europarl.test"]),
        (["train.en", "dev2010.en", "tst2012.en"], ["dev2010.en"], ["tst2012.en"]),
        (["my train set.txt", "my test set.txt"], [], ["my test set.txt"]),
        (["train.txt", "eval.txt"], ["eval.txt"], []),
        (["train/test_of_patience.txt", "test/train_journey.txt"], [], ["test/train_journey.txt"]),
        (["en/train/a.txt", "en/valid/a.txt"], ["en/valid/a.txt"], []),
    ],
)
def test_names_say_the_parts(files, val, test):
    source = write(*files)
    wanted = {part: BY_NAME for part, held_out in (("val", val), ("test", test)) if held_out}
    assert suggested(source) == wanted
    for part in wanted:
        source = with_named_part(source, part)
    assert (names(source.val), names(source.test)) == (val, test)
    assert sorted(names(source.files)) == sorted({*files} - {*val, *test})


@pytest.mark.parametrize(
    "files",
    [
        ["book.txt", "other.txt"],
        ["train.txt", "more.txt", "valid.txt"],
        ["train_1.txt", "train_2.txt"],
        ["train.txt"],
        ["valid.txt", "test.txt"],
        ["train_test.txt", "test.txt"],
        ["latest.txt", "trains.txt", "invalid.txt", "contest.txt"],
        ["parser.py", "train.py", "test_parser.py"],
    ],
)
def test_other_names_say_nothing(files):
    assert suggested(write(*files)) == {}


def test_folders_above_all_files_say_nothing(tmp_path):
    for name in ("train/data/a.txt", "train/data/test.txt", "train/data/deep/c.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    assert suggested(from_path(Path("train"), glob="**/*")) == {}
    assert suggested(from_path(Path("train/data"), glob="**/*")) == {}


def test_files_that_are_named_one_by_one_have_parts_too():
    write("a.train.txt", "a.valid.txt")
    source = joined([from_path(Path("data", name), glob="*") for name in ("a.train.txt", "a.valid.txt")])
    assert suggested(source) == {"val": BY_NAME}
    found = with_named_part(source, "val")
    assert (names(found.files), names(found.val)) == (["a.train.txt"], ["a.valid.txt"])
    assert [names(text.files) for text in found.texts] == [["a.train.txt"], []]


def test_files_about_the_others_are_left_out():
    source = write("train.txt", "valid.txt", "README.md", "LICENSE", "license-2.txt")
    assert suggested(source) == {"val": BY_NAME}
    found = with_named_part(source, "val")
    assert names(found.files) == ["train.txt"]
    assert notice(source, found) == (
        "trained on train.txt, validated on valid.txt, as names of files say (LICENSE, README.md, license-2.txt left "
        "out); --val-fraction 0.1 holds out a share of all files instead"
    )


def test_the_notice_names_a_few_files():
    source = write(*(f"train/{number}.txt" for number in range(5)), "test/x.txt")
    assert notice(source, with_named_part(source, "test")).startswith(
        "trained on 5 files (train/0.txt, train/1.txt, train/2.txt, ...), tested on test/x.txt, as names"
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["book.txt", "valid.txt"], "valid.txt looks held out by name, but is learned; --val by-name holds out such"),
        (
            ["a.txt", "dev/b.txt", "test/c.txt"],
            "dev/b.txt, test/c.txt look held out by name, but are learned; --val by-n",
        ),
        (["a.txt", "a_train.txt", "a_test.txt"], "a_test.txt looks held out by name, but is learned; --test by-name"),
        (["parser.py", "test_parser.py"], ""),
        (["test.txt"], ""),
        (["a.txt", "contest.txt"], ""),
    ],
)
def test_held_out_names_among_others_are_mentioned(files, said):
    found = pooled_notice(write(*files))
    assert found.startswith(said) and bool(found) == bool(said)
