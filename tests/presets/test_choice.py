"""Which preset a text gets."""

import pytest

from charrnn import presets
from charrnn.presets import choose

MEGABYTE = 1_115_394


@pytest.mark.parametrize(
    ("size", "settings", "expected"),
    [
        (MEGABYTE, {}, ("quick", "1.1 MB of text")),
        (MEGABYTE, {"minutes": 3}, ("quick", "1.1 MB of text and --minutes 3")),
        (MEGABYTE, {"minutes": 60.0}, ("medium", "1.1 MB of text and --minutes 60")),
        (MEGABYTE, {"epochs": 30}, ("medium", "1.1 MB of text and --epochs 30")),
        (MEGABYTE, {"epochs": 5}, ("quick", "1.1 MB of text")),
        (MEGABYTE, {"steps": 10**6, "hidden_size": 9}, ("quick", "1.1 MB of text")),
        (5, {}, ("quick", "5 bytes of text")),
        (11_631_170, {}, ("long", "11.6 MB of text")),
        (11_631_170, {"minutes": 2}, ("quick", "11.6 MB of text and --minutes 2")),
        (11_631_170, {"minutes": 120}, ("long", "11.6 MB of text")),
    ],
)
def test_size_and_time_decide(size, settings, expected):
    assert choose(size, is_list=False, gpu=False, settings=settings) == expected


def test_a_list_is_a_list_however_long():
    for size in (2000, 10**8):
        for settings in ({}, {"minutes": 100}):
            assert choose(size, is_list=True, gpu=True, settings=settings) == ("lines", "a list of short lines")


def test_a_gpu_is_for_large_texts():
    assert choose(10**7, is_list=False, gpu=True, settings={})[0] == "gpu"
    assert choose(10**6, is_list=False, gpu=True, settings={})[0] == "quick"


def test_every_preset_but_none_is_chosen_for_something():
    chosen = {
        choose(size, is_list=short, gpu=gpu, settings={"minutes": minutes})[0]
        for size in (10**6, 10**7)
        for short in (True, False)
        for gpu in (True, False)
        for minutes in (3, 60)
    }
    assert chosen | {"none"} == set(presets.names())
