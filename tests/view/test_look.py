from io import StringIO

import pytest
from rich.console import Console

from charrnn.session import TextFacts
from charrnn.view.look import show_text

FACTS = TextFacts(
    text="[a].txt",
    files=1,
    size=1_100_000,
    encoding=("utf-8",),
    bytes=False,
    characters=1_000_000,
    different=80,
    lines=1,
    taken_for="text",
    why="it has only 1 line",
    order="kept",
    separator="",
    split="contiguous",
    val_file="",
    split_given_by="default",
    train=800_000,
    val=100_000,
    test=100_000,
    preset="quick",
    model="lstm 1x256",
    parameters=350_000,
    budget="3 minutes",
    run="runs/a",
    notices=("a note that is long enough to be folded on a terminal of eighty columns, as most are", "another"),
)


@pytest.mark.parametrize("width", [80, 200])
def test_what_a_text_is_taken_for(width):
    console = Console(file=StringIO(), width=width)
    show_text(FACTS, console)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert lines[:4] == [
        "text       [a].txt, 1.1 MB, utf-8",
        "content    1,000,000 characters, 80 different; 1 line",
        "taken for  text: it has only 1 line",
        "order      kept",
    ]
    text = " ".join(" ".join(lines).split())
    assert (
        "split contiguous (default): 800,000 characters to learn from, 100,000 to validate on, 100,000 to test" in text
    )
    assert "training 3 minutes, preset quick, into runs/a notes a note that is" in text and text.endswith("another")
    assert max(map(len, lines)) <= width
