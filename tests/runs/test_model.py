"""Opening a trained model."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn.errors import CorpusError
from charrnn.runs.model import open_model
from charrnn.text.vocabulary import Vocabulary
from tests.support.training import SMALL, train


@pytest.mark.parametrize("average", ["none", "ema", "polyak"])
def test_both_checkpoints_of_a_run_give_the_weights_that_were_evaluated(text, tmp_path, average):
    settings = SMALL | {"average": average, "steps": 40, "eval_every": 40, "schedule": "constant"}
    train(text, settings, run=str(tmp_path / "run"))
    best, last = (open_model(str(tmp_path / "run" / f"{name}.safetensors")) for name in ("best", "last"))
    assert best.checkpoint.progress.step == last.checkpoint.progress.step == 40
    np.testing.assert_array_equal(best.params.buffer, last.params.buffer)
    trained = last.checkpoint.weights["head.weight"]
    assert np.array_equal(last.params["head.weight"], trained) == (average == "none")


def knowing(text, characters, *, has_unknown=False, normalize="none"):
    """A model that knows these characters."""
    train(text, SMALL | {"steps": 1}, force=True)
    model = open_model(None)
    config = model.config.replace(normalize=normalize)
    return replace(model, vocabulary=Vocabulary(characters, has_unknown), config=config)


COMPOSED, DECOMPOSED = "caf\u00e9 \ud55c", "cafe\u0301 \u1112\u1161\u11ab"


@pytest.mark.parametrize(("known", "other"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_text_is_read_in_the_form_that_the_model_knows(text, known, other):
    model = knowing(text, "".join(sorted(set(known))))
    for given, expected in ((known, known), (other, known), (other + known, known * 2)):
        read = model.encode(given)
        assert model.vocabulary.decode(read.ids) == expected
        assert (read.unseen, read.chars) == (0, len(read.ids))
        assert bool(read.missed) == (given != known)
    assert model.in_known_form(other) == known
    with pytest.raises(CorpusError, match="'x'"):
        model.encode(other + "x")
    read = model.encode(other + "x", unknown="skip")  # what is unknown in any form does not hinder the rest
    assert (model.vocabulary.decode(read.ids), read.unseen) == (known, 1)


@pytest.mark.parametrize(("normalize", "expected"), [("nfc", COMPOSED), ("nfd", DECOMPOSED)])
def test_a_text_is_read_in_the_form_of_the_run(text, normalize, expected):
    model = knowing(text, "".join(sorted(set(COMPOSED + DECOMPOSED))), normalize=normalize)
    for given in (COMPOSED, DECOMPOSED):
        assert model.vocabulary.decode(model.encode(given).ids) == expected
        assert model.in_known_form(given) == expected
        assert not model.encode(given).missed


def test_unknown_characters_become_the_unknown_symbol_by_default(text):
    model = knowing(text, "\ufffdab", has_unknown=True)
    read = model.encode("aÄb字")
    assert (read.ids.tolist(), read.unseen, read.unknown) == ([1, 0, 2, 0], 2, "replace")
    assert model.encode("aÄb字", unknown="skip").ids.tolist() == [1, 2]
    with pytest.raises(CorpusError, match="'Ä'"):
        model.encode("aÄ", unknown="error")
    with pytest.raises(CorpusError, match="'Ä'"):
        knowing(text, "\ufffdab").encode("aÄ")
