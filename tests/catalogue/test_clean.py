"""The cleaning steps of fetched texts."""

import pytest

from charrnn.catalogue.clean import CLEANING, clean

PLAY = """# Coriolanus

## ACT I

_Enter a company of
Citizens, with staves_

**First Citizen**  
Hence, old goat\\!  
_\\[To MARCIUS]_  
And _\\[aside]_ be gone,\\--

_Burthen _\\[dispersedly, within_



**All**  
Amen
"""  # noqa: W291 two blanks at the end of a line are a line break in Markdown


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("unescape-markdown", r"\[To A] 'x'\--y \. a\n", r"[To A] 'x'--y . a\n"),
        ("drop-headings", "# Title\nline # one\n## ACT I", "line # one\n"),
        ("drop-directions", "a\n_Exit_\nb", "a\nb"),
        ("drop-directions", "say _[aside]_ no", "say  no"),
        ("drop-directions", "_Enter\nB_\nc", "c"),
        ("drop-directions", "_odd\n\nspeech_\n", "_odd\n\nspeech_\n"),
        ("drop-directions", "_A _[b, c_\nd", "d"),
        ("name-speakers", "**First Lord**\nSo. **B**", "First Lord:\nSo. B:"),
        ("tidy-lines", "\n\na \t\n\n\nb\n\n\n\nc", "a\n\nb\n\nc\n"),
    ],
)
def test_each_step(step, before, after):
    assert CLEANING[step](before) == after


def test_a_play_becomes_speakers_and_lines():
    steps = ["unescape-markdown", "drop-headings", "drop-directions", "name-speakers", "tidy-lines"]
    assert clean(PLAY, steps) == "First Citizen:\nHence, old goat!\nAnd  be gone,--\n\nAll:\nAmen\n"


def test_steps_are_taken_in_order():
    assert clean(r"\# x", ["drop-headings", "unescape-markdown"]) == "# x"
    assert clean(r"\# x", ["unescape-markdown", "drop-headings"]) == ""
