"""Where texts end, what is held back, and that the same seed gives the same text."""

import numpy as np
import pytest

from charrnn.config import Config
from charrnn.errors import ConfigError
from charrnn.runs.model import open_model
from charrnn.sampling.generate import Draft, TextLimits, count_new, generate
from charrnn.sampling.opening import opening
from charrnn.sampling.sampler import Filter
from charrnn.text.tokens import load_tokens
from charrnn.text.vocabulary import Vocabulary

BYTES = Vocabulary(None)
LIMITS, FILTER = TextLimits(40), Filter()


def pieces(text, limits, vocabulary=BYTES, before=""):
    """What a draft releases after each id of `text`, and the draft."""
    draft = Draft(vocabulary.decoder(), limits, before)
    out = []
    for id in vocabulary.encode(text):
        draft.add(int(id))
        out.append(draft.take())
    return out, draft


def texts(model, prime="", limits=LIMITS, choose=FILTER, **options):
    return ["".join(each) for each in generate(model, model.vocabulary.encode(prime), choose, limits, **options)]


@pytest.fixture
def model(runs):
    return open_model("words", device="cpu", kernel="numpy")


def test_a_text_ends_after_its_length_in_characters_not_bytes():
    out, draft = pieces("é€𝄞abc", TextLimits(4))
    assert "".join(out) == "é€𝄞a"
    assert out[:2] == ["", "é"]
    assert draft.ended


def test_a_text_ends_after_its_lines():
    out, draft = pieces("a\n\nb\nc", TextLimits(100, lines=3))
    assert "".join(out) == "a\n\nb\n"
    assert draft.ended


def test_a_text_ends_before_the_stop_string_whose_beginning_is_held_back():
    out, draft = pieces("ab.a.b.abc", TextLimits(100, stop=".abc"))
    assert out == ["a", "b", "", "", ".a", ".b", "", "", "", ""]
    assert draft.ended
    assert draft.take() == ""


@pytest.mark.parametrize(
    ("stop", "text", "kept"),
    [
        ("aab", "aaab!", "a"),
        ("abab", "aababab", "a"),
        ("x", "xyz", ""),
        ("\n\n", "a\nb\n\nc", "a\nb"),
        ("€", "a€", "a"),
    ],
)
def test_the_first_stop_string_is_found(stop, text, kept):
    out, draft = pieces(text, TextLimits(100, stop=stop))
    assert "".join(out) == kept
    assert draft.ended


@pytest.mark.parametrize(
    ("before", "text", "kept"),
    [
        ("a\n", "\nb", ""),
        ("a\n", "b\n\nc", "b"),
        ("a\n\n", "\nb\n\n", ""),  # the prime is not a part of the text, but the stop string may begin in it
        ("a", "\n\nb", ""),
        ("a\nb", "\nc\n\n", "\nc"),
    ],
)
def test_a_stop_string_may_begin_in_the_prime(before, text, kept):
    out, draft = pieces(text, TextLimits(100, stop="\n\n"), before=before)
    assert "".join(out) == kept
    assert draft.ended and draft.stopped


@pytest.mark.parametrize(
    ("stop", "before", "text", "kept"),
    [
        ("\n\n", "", "a\n\nb", "a"),
        ("\n\n", "", "\na\n\nb", "a"),  # three line feeds end a record as two do
        ("\n\n", "", "\n\n\n\n\na\nb\n\n", "a\nb"),
        ("\n\n", "x\n\n", "\n\na\n\n", "a"),
        ("\n\n", "x\n", "\na", ""),  # the prime is not empty
        ("\n\n", "x", "\n\na", ""),
        ("\n%\n", "", "%\na%\n%\nb", "a%"),
        ("\n", "", "\n\na\n", "a"),
        ("\x1e", "", "\x1e\x1e\na\x1e", "\na"),
    ],
)
def test_empty_records_are_skipped(stop, before, text, kept):
    out, draft = pieces(text, TextLimits(100, stop=stop, skips_empty=True), before=before)
    assert "".join(out) == kept
    assert draft.ended and draft.stopped


def test_empty_records_count_as_characters():
    out, draft = pieces("\n" * 9, TextLimits(6, stop="\n\n", skips_empty=True))
    assert "".join(out) == ""
    assert draft.ended and not draft.stopped


def test_characters_that_were_held_back_come_at_the_end_after_all():
    out, draft = pieces("abc..", TextLimits(5, stop="..."))
    assert "".join(out) == "abc.."
    assert draft.ended


def test_texts_have_the_length_asked_for(model):
    assert [len(text) for text in texts(model, limits=TextLimits(33), seed=1, count=3)] == [33, 33, 33]


def test_a_text_is_the_same_whatever_the_number_of_texts(model):
    several = texts(model, seed=5, count=4)
    assert several[:1] == texts(model, seed=5)
    assert several[:2] == texts(model, seed=5, count=2)
    assert len(set(several)) == 4
    assert several != texts(model, seed=6, count=4)


def test_texts_need_not_be_read_to_the_end(model):
    first, second = generate(model, model.vocabulary.encode(""), Filter(), TextLimits(20), seed=5, count=2)
    next(iter(first))
    assert "".join(second) == texts(model, limits=TextLimits(20), seed=5, count=2)[1]


def test_the_prime_is_read_as_the_beginning_of_a_line(model):
    line = texts(model, prime="ca", limits=TextLimits(9, lines=1), choose=Filter(0), seed=1)[0]
    assert line == "t\n"


def test_a_long_prime_is_read_whole(model):
    prime = "ant\n" * 50 + "ca"
    assert texts(model, prime=prime, limits=TextLimits(9, lines=1), choose=Filter(0), seed=1) == ["t\n"]


def test_lines_need_a_line_end(model):
    object.__setattr__(model, "vocabulary", Vocabulary("abc"))
    with pytest.raises(ConfigError, match="without line ends; use --length"):
        texts(model, limits=TextLimits(10, lines=1), seed=1)


def test_a_prime_that_ends_within_a_character_is_completed(runs):
    model = open_model("raw", device="cpu", kernel="numpy")
    prime = np.frombuffer("aé€".encode()[:-1], np.uint8)
    text = "".join(next(generate(model, prime, Filter(0), TextLimits(3), seed=1)))
    assert text == "€𝄞\n"


def test_new_lines_are_counted(runs, model):
    tokens = load_tokens(runs / "words", model.vocabulary)
    assert count_new(["ant", "ten", "antten", "x"], tokens) == 2


def test_the_opening_of_a_text_of_records_is_a_record(pairs):
    model = open_model("pairs", device="cpu", kernel="numpy")
    vocabulary, separator = model.vocabulary, model.vocabulary.encode("\n\n")

    def networks(size):
        return model.network(seq_len=size, batch_size=1)

    text = vocabulary.decode(opening(model.config, vocabulary, networks, seed=1))
    assert text.startswith("\n\n") and text.endswith("\n\n") and text.count("\n\n") == 2
    short = opening(model.config, vocabulary, networks, seed=1, length=1)
    assert np.array_equal(short[:2], separator) and np.array_equal(short[3:], separator) and len(short) == 5
    assert opening(Config(), vocabulary, networks, seed=1).tolist() == [vocabulary.newline]
