"""The three views, each given the events of a run."""

import json
import re
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from charrnn.training.events import Evaluated, Finished, Notice, Sampled, Saved, Started, Step
from charrnn.view.live import LiveView
from charrnn.view.training import JsonView, PlainView, open_view

STARTED = Started(
    run=Path("runs/x"),
    corpus="x.txt",
    train_chars=1003854,
    val_chars=111540,
    vocab_size=65,
    bytes=False,
    model="lstm 2x128",
    parameters=239681,
    device="CPU",
    kernel="numpy",
    why_not_faster="cpu: no C++ compiler",
    budget="3 minutes",
    preset="medium",
    resumed_step=None,
)
EVALUATED = Evaluated(step=100, epoch=12.34, seconds=65, train_loss=1.6, val_loss=1.7, best=True)
FINISHED = Finished(reason="done", step=200, epoch=24.68, seconds=130, best_val_loss=1.7, best_step=100)


def step(number, loss=2.0):
    return Step(
        step=number,
        epoch=12.34,
        progress=0.43,
        loss=loss,
        grad_norm=1.0,
        learning_rate=2e-3,
        chars_per_second=45_100,
        seconds_left=83,
    )


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        return self.now


class Screen:
    """A live view on a terminal of `width` columns; what it painted, without colours and cursor movements."""

    def __init__(self, width=80):
        self.file, self.clock = StringIO(), Clock()
        self.console = Console(file=self.file, width=width, force_terminal=True)
        self.view = LiveView(self.console, self.clock)

    def painted(self):
        """All that was painted since the last call, one string for each line."""
        text = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", self.file.getvalue())
        self.file.seek(0)
        self.file.truncate()
        return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]

    def show(self, event, later=1.0):
        self.clock.now += later
        self.view.show(event)
        return self.painted()


@pytest.fixture(params=[80, 200])
def screen(request):
    return Screen(request.param)


def test_a_run_begins_with_four_lines():
    lines = Screen(200).show(STARTED)
    assert [line.split()[0] for line in lines] == ["text", "model", "training", "device"]
    assert "x.txt: 1,003,854 characters, 111,540 held out" in lines[0]
    assert "lstm 2x128: 239,681 parameters, 65 different characters" in lines[1]
    assert "3 minutes, preset medium, into runs/x" in lines[2]
    assert "CPU, numpy kernels (cpu: no C++ compiler)" in lines[3]


def test_the_live_line_has_everything_and_fits(screen):
    with screen.view:
        screen.show(STARTED)
        screen.show(EVALUATED)
        line = screen.show(step(1))[-1]
    assert "epoch 12.34  train 2.000 (2.89 bits)  val 1.700  45.1k char/s  1:23 left" in line
    assert line.startswith("━")
    assert len(line) <= screen.console.width - len("^C") - 1


def test_a_narrow_terminal_gets_one_line_without_a_bar():
    screen = Screen(40)
    with screen.view:
        lines = screen.show(step(1))
    assert len(lines) == 1
    assert lines[0].startswith("epoch 12.34")
    assert len(lines[0]) <= 40 - len("^C") - 1


def test_losses_of_a_run_that_diverges_stay_short(screen):
    with screen.view:
        shown = screen.show(replace(EVALUATED, train_loss=1.2e30, val_loss=1.67e33))
        assert "train 1.2e+30  val 1.67e+33  2.41e+33 bits/char" in shown[0]
        assert "train 1.67e+33 (2.41e+33 bits)  val 1.67e+33  45.1k" in screen.show(step(1, loss=1.67e33))[-1]


def test_it_is_painted_a_few_times_a_second_at_most():
    screen = Screen()
    with screen.view:
        painted = [bool(screen.show(step(number), later=0.01)) for number in range(200)]
    assert 8 <= sum(painted) <= 16


def test_a_step_between_two_paintings_costs_microseconds():
    screen = Screen()
    event = step(1)
    with screen.view:
        began = time.perf_counter()
        for _ in range(10_000):
            screen.view.show(event)
        assert time.perf_counter() - began < 0.5


def test_the_loss_is_an_average_of_the_last_steps():
    screen = Screen()
    with screen.view:
        for loss in (4.0, 2.0):
            lines = screen.show(step(1, loss))
        assert "train 2.400" in lines[-1]
        for _ in range(60):
            lines = screen.show(step(1, 1.0))
        assert "train 1.00" in lines[-1]
        for _ in range(500):
            lines = screen.show(step(1, 1.0))
        assert "train 1.000" in lines[-1]
        assert "train 1.020" in screen.show(step(1, 2.0))[-1]


def test_evaluations_and_samples_scroll_past(screen):
    with screen.view:
        screen.show(step(100))
        line = "step 100  epoch 12.34  1:05  train 1.6000  val 1.7000  2.453 bits/char  best"
        assert screen.show(EVALUATED)[0] == line
        assert screen.show(Sampled(100, "[bold]one[/]\n\x1b[2Jtwo"))[:2] == ["  [bold]one[/]", "  \\x1b[2Jtwo"]


def test_blank_lines_of_samples_are_left_out(screen):
    screen.view.show(Sampled(100, "\n\none\n  \ntwo\n"))
    assert [line.strip() for line in screen.file.getvalue().splitlines()] == ["one", "two"]
    screen.painted()
    screen.view.show(Sampled(100, "\n \n"))
    assert screen.file.getvalue() == ""


def test_samples_are_not_filled_up_with_blanks(screen):
    screen.view.show(Sampled(100, "one\ntwo " + "x" * 300))
    lines = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", screen.file.getvalue()).splitlines()
    assert lines[0] == "  one" and lines[1].startswith("  two")
    assert not any(line.endswith(" ") for line in lines)


def test_an_early_stop_names_the_option():
    view, file, _ = plain()
    view.show(Finished("early stop", 100, 12.34, 66, 90.0, 10))
    assert "stopped early by --patience" in file.getvalue()
    assert "perplexity 1.22e+39" in file.getvalue()


def test_bytes_are_not_called_characters():
    view, file, _ = plain()
    view.show(replace(STARTED, bytes=True))
    assert "x.txt: 1,003,854 bytes, 111,540 held out" in file.getvalue()


def test_one_character_is_not_called_characters():
    for changes, expected in ({"bytes": False}, "1 different character\n"), ({"bytes": True}, "1 byte\n"):
        view, file, _ = plain()
        view.show(replace(STARTED, vocab_size=1, **changes))
        assert expected in file.getvalue()


def test_what_was_learned_after_the_best_step_is_named_by_its_file():
    view, file, _ = plain()
    view.show(replace(STARTED, run=Path("runs/x")))
    view.show(replace(FINISHED, reason="interrupted", ahead_of_best=True))
    assert "at step 100; later steps are not evaluated yet\n" in file.getvalue()
    assert "next      charrnn sample runs/x/last.safetensors\n" in file.getvalue()


def test_suggested_commands_can_be_pasted():
    view, file, _ = plain()
    view.show(replace(STARTED, run=Path("dir with space/r 1")))
    view.show(replace(FINISHED, reason="interrupted"))
    assert "charrnn train --resume --run 'dir with space/r 1'\n" in file.getvalue()
    assert "charrnn sample 'dir with space/r 1'\n" in file.getvalue()


def test_a_long_sample_is_folded_and_cut(screen):
    lines = screen.show(Sampled(100, "x" * 1000))
    assert len(lines) == 4
    assert all(len(line) <= screen.console.width - 2 for line in lines)
    assert len(screen.show(Sampled(100, "one\n" * 30))) == 4


def test_reading_shows_a_bar_if_it_takes_long(screen):
    with screen.view:
        screen.view.reading(1, 100_000_000)
        assert screen.painted() == []
        screen.clock.now = 1.0
        screen.view.reading(50_000_000, 100_000_000)
        assert screen.painted()[-1].endswith("reading 50%")
        screen.clock.now = 2.0
        screen.view.reading(60_000_000, 0)
        assert screen.painted()[-1].endswith("reading 60.0 MB")
        assert screen.show(Notice("kept 3 CRLF line ends"))[0] == "note: kept 3 CRLF line ends"


def test_the_end_says_what_to_type_next(screen):
    screen.show(STARTED)
    lines = screen.show(FINISHED)
    assert lines[0].endswith("done: step 200, epoch 24.68, after 2:10")
    assert "validation loss 1.7000, 2.453 bits/char, perplexity 5.47, at step 100" in lines[1]
    assert lines[2].endswith("charrnn sample runs/x")
    assert len(lines) == 3


def plain():
    file, clock = StringIO(), Clock()
    view = PlainView(file, clock)
    return view, file, clock


def test_a_log_has_a_line_for_each_evaluation_and_none_for_steps():
    view, file, _ = plain()
    with view:
        for event in (
            Notice("batch_size is 3"),
            STARTED,
            step(1),
            Saved(100, Path("x")),
            EVALUATED,
            Sampled(100, "abc"),
            Finished("interrupted", 100, 12.34, 66, None, None),
        ):
            view.show(event)
    assert file.getvalue().splitlines() == [
        "note: batch_size is 3",
        "text      x.txt: 1,003,854 characters, 111,540 held out",
        "model     lstm 2x128: 239,681 parameters, 65 different characters",
        "training  3 minutes, preset medium, into runs/x",
        "device    CPU, numpy kernels (cpu: no C++ compiler)",
        "step 100  epoch 12.34  1:05  train 1.6000  val 1.7000  2.453 bits/char  best",
        "end       interrupted, and saved: step 100, epoch 12.34, after 1:06",
        "resume    charrnn train --resume --run runs/x",
        "next      charrnn sample runs/x",
    ]


def test_without_a_held_out_part_the_training_loss_is_shown():
    view, file, _ = plain()
    view.show(Evaluated(step=1, epoch=0.5, seconds=1, train_loss=1.7, val_loss=None, best=False))
    assert file.getvalue() == "step 1  epoch 0.50  0:01  train 1.7000  2.453 bits/char\n"


def test_a_log_reports_reading_only_if_it_takes_long():
    view, file, clock = plain()
    for clock.now in range(30):
        view.reading(clock.now, 100)
    assert file.getvalue() == "reading 11%\nreading 22%\n"
    clock.now += 11
    view.reading(45_100, 0)  # of a pipe
    assert file.getvalue().endswith("reading 45.1 kB\n")


def test_json_has_an_object_for_each_event_and_one_step_a_second():
    file, clock = StringIO(), Clock()
    with JsonView(file, clock) as view:
        view.reading(1, 2)
        view.show(STARTED)
        for number in range(21):
            clock.now = number / 10
            view.show(step(number))
        view.show(Sampled(21, "é\n"))
        view.show(Saved(21, Path("runs/x/last.safetensors")))
    objects = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [each["event"] for each in objects] == ["started", "step", "step", "step", "sampled", "saved"]
    assert [each["step"] for each in objects[1:4]] == [0, 10, 20]
    assert objects[0]["run"] == "runs/x"
    assert objects[-2]["text"] == "é\n"
    assert objects[-1]["path"] == "runs/x/last.safetensors"


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("terminal", "kind", "as_json", "view"),
    [
        (True, "xterm", False, LiveView),
        (True, "dumb", False, PlainView),
        (False, "xterm", False, PlainView),
        (True, "xterm", True, JsonView),
    ],
)
def test_the_view_suits_the_stream(terminal, kind, as_json, view, monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal() if terminal else StringIO())
    monkeypatch.setenv("TERM", kind)
    assert type(open_view(json=as_json)) is view


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    screen.clock.now = 1.0
    screen.view.show(EVALUATED)
    assert "\x1b[32m" not in screen.file.getvalue()
    assert "\x1b[1;32m" not in screen.file.getvalue()
