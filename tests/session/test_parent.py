"""Runs that begin with the weights of another."""

from pathlib import Path

import numpy as np
import pytest

from charrnn.errors import ConfigError
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.text.tokens import load_tokens
from charrnn.text.vocabulary import Vocabulary
from tests.support.training import SMALL, TEXT, setup, train

SHORT = {"steps": 1, "seq_len": 5, "batch_size": 3}
LIST = "".join(f"name{number}\n" for number in range(100))


def test_fine_tuning_extends_the_vocabulary_and_keeps_known_rows(text, tmp_path):
    train(text, SMALL | {"steps": 3, "embedding_size": 0}, run=str(tmp_path / "base"))
    other = tmp_path / "other.txt"
    other.write_text("Ärger! the fox\n" * 50)
    base = checkpoint.load(tmp_path / "base" / "best.safetensors")
    session = setup(str(other), {"steps": 1}, run=str(tmp_path / "tuned"), init_from=str(tmp_path / "base"))
    old, new = base.vocabulary["characters"], session.setup.tokens.vocabulary.characters
    assert new.startswith(old) and set(new) - set(old) == set("Är!") - set(old)
    params, known = session.setup.params, len(old)
    np.testing.assert_array_equal(params["head.weight"][:known], base.weights["head.weight"])
    np.testing.assert_array_equal(params["rnn.weight_ih_l0"][:, :known], base.weights["rnn.weight_ih_l0"])
    np.testing.assert_array_equal(params["rnn.weight_hh_l1"], base.weights["rnn.weight_hh_l1"])
    assert session.setup.config.hidden_size == 8
    with pytest.raises(ConfigError, match="hidden_size is 8 in run base, not 16"):
        setup(str(other), {"hidden_size": 16}, run=str(tmp_path / "x"), init_from=str(tmp_path / "base"))


@pytest.mark.parametrize(
    "changes",
    [
        {"split": "unique-lines", "seed": 7},
        {"split": "lines", "seed": 7, "test_fraction": 0.2},
        {"split": "interleaved", "batch_size": 3},
        {"split": "contiguous", "val_fraction": 0.3},
    ],
    ids=str,
)
def test_fine_tuning_on_the_same_text_holds_out_the_same_part(tmp_path, changes):
    (tmp_path / "names.txt").write_text(LIST)
    corpus, base = str(tmp_path / "names.txt"), str(tmp_path / "base")
    train(corpus, SMALL | {"steps": 7} | changes, run=base)
    vocabulary = Vocabulary.from_dict(checkpoint.load(Run(Path(base)).last).vocabulary)
    expected = load_tokens(tmp_path / "base", vocabulary)
    session = setup(corpus, SHORT, run=str(tmp_path / "same"), init_from=base)
    for part, wanted in zip(session.setup.tokens.parts, expected.parts, strict=True):
        np.testing.assert_array_equal(part, wanted)
    assert warnings(session) == []
    assert session.setup.given_by["split"] == "run base"


@pytest.mark.parametrize(("new", "joined"), [("Ä", "1 character is"), ("ÄÖ", "2 characters are")])
def test_fine_tuning_says_what_it_begins_with(text, tmp_path, new, joined):
    train(text, SMALL | {"steps": 2}, run=str(tmp_path / "base"))
    (tmp_path / "more.txt").write_text(TEXT + new)
    session = setup(str(tmp_path / "more.txt"), SHORT, run=str(tmp_path / "tuned"), init_from=str(tmp_path / "base"))
    assert [notice.text for notice in session.notices] == [
        f"training begins with the weights of {tmp_path / 'base'}; {joined} new to it"
    ]


def test_fine_tuning_makes_the_same_symbols_of_another_text(text, tmp_path):
    settings = {"steps": 2, "normalize": "nfd", "vocab_min": 10, "embedding_size": 0}
    (tmp_path / "rare.txt").write_text(TEXT + "\u00e9" * 20 + "字")
    train(str(tmp_path / "rare.txt"), SMALL | settings, run=str(tmp_path / "base"))
    known = Vocabulary.from_dict(checkpoint.load(tmp_path / "base" / "best.safetensors").vocabulary)
    assert known.has_unknown and {"e", "\u0301"} <= set(known.characters)
    (tmp_path / "more.txt").write_text(TEXT + "\u00e8\u00e9" * 9 + "書" * 9 + "ж" * 10)
    session = setup(str(tmp_path / "more.txt"), SHORT, run=str(tmp_path / "tuned"), init_from=str(tmp_path / "base"))
    vocabulary = session.setup.tokens.vocabulary
    assert vocabulary == Vocabulary(known.characters + "ж", True)
    assert session.setup.given_by["vocab_min"] == "run base"
    session = setup(
        str(tmp_path / "more.txt"),
        SHORT | {"vocab_min": 1},
        run=str(tmp_path / "all"),
        init_from=str(tmp_path / "base"),
    )
    assert session.setup.tokens.vocabulary == Vocabulary(known.characters + "023456789\u0300ж書", True)


def warnings(session):
    """The notices except the one that says where the weights come from."""
    usual = ("training begins with the weights of", "taken for a list")
    return [notice.text for notice in session.notices if not notice.text.startswith(usual)]


def test_fine_tuning_says_where_another_part_is_held_out(tmp_path):
    (tmp_path / "names.txt").write_text(LIST)
    (tmp_path / "other.txt").write_text(LIST.replace("9", "8"))
    corpus, base = str(tmp_path / "names.txt"), str(tmp_path / "base")
    train(corpus, SMALL | {"steps": 7, "split": "unique-lines"}, run=base)
    session = setup(corpus, SHORT | {"split": "contiguous", "seed": 2}, run=str(tmp_path / "a"), init_from=base)
    said = f"{base} learned this text with split unique-lines and seed 1: it may have learned part of what is held out"
    assert [text[: len(said)] for text in warnings(session)] == [said]
    session = setup(corpus, SHORT | {"val_fraction": 0.2}, run=str(tmp_path / "b"), init_from=base)
    assert "learned this text with val_fraction 0.1: it may" in warnings(session)[0]
    session = setup(corpus, SHORT | {"val_fraction": 0.05}, run=str(tmp_path / "c"), init_from=base)
    assert warnings(session) == []
    session = setup(str(tmp_path / "other.txt"), SHORT | {"seed": 2}, run=str(tmp_path / "d"), init_from=base)
    assert session.setup.config.split == "contiguous" and warnings(session) == []
