import pytest

from charrnn.hints import harmless, visible
from charrnn.view.wording import duration, figure, file_size, short


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é€𝄞 text\n", "plain é€𝄞 text\n"),
        ("\tx", "    x"),
        ("a\x1b[31m\r", "a\\x1b[31m\\r"),
        ("\x00", "\\x00"),
        ("\u202e", "\\u202e"),
        ("\u2028", "\\u2028"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("[bold]", "[bold]"),
    ],
)
def test_control_characters_are_made_visible(text, shown):
    assert visible(text) == shown


def test_harmless_text_keeps_tabs():
    assert harmless("\ta\x1b[2J\r\n\u202e") == "\ta\\x1b[2J\\r\n\\u202e"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3600, "1:00:00")])
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (950, "950"),
        (999.6, "1.0k"),
        (45_100, "45.1k"),
        (398_000, "398k"),
        (1_200_000, "1.2M"),
        (5e12, "5000G"),
    ],
)
def test_short_numbers_keep_their_unit(number, text):
    assert short(number) == text


@pytest.mark.parametrize(("number", "text"), [(4.56789, "4.57"), (12345.6, "12345.60"), (4.3313e26, "4.33e+26")])
def test_figures_stay_readable(number, text):
    assert figure(number, 2) == text


def test_file_sizes():
    assert [file_size(size) for size in (950, 45_100, 2_100_000_000)] == ["950 B", "45.1 kB", "2.1 GB"]
