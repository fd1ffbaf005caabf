"""Standard streams that are closed, full, or read by nobody: the program as a process of its own."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.training.events import Evaluated
from charrnn.view.training import JsonView

try:
    import pty
except ImportError:  # Windows
    pty = None

ROOT = Path(__file__).parents[2]
TEXT = "".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(60))
TINY = "--preset none --hidden-size 8 --num-layers 1 --seq-len 10 --batch-size 4 --device cpu --kernel numpy"
UNICODE = "sample raw --device cpu --kernel numpy --greedy --length 9 --prime a"
HELD = "aé€𝄞\naé€𝄞\n"
SAMPLE = "sample --device cpu --kernel numpy --length 9"


def shell(line):
    """Run a line in a shell, in which `charrnn` is this program."""
    line = line.replace("charrnn", f"'{sys.executable}' -m charrnn", 1)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environment, timeout=60, check=False)


def finished(folder):
    return (Path("runs") / folder / "last.safetensors").is_file()


@pytest.fixture
def fox():
    Path("fox.txt").write_text(TEXT)


full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def test_closed_streams_do_no_harm(runs, fox):
    result = shell(f"charrnn {SAMPLE} words <&- 2>&-")
    assert (result.returncode, len(result.stdout) > 8, result.stderr) == (0, True, "")
    assert shell(f"charrnn train fox.txt --steps 9 {TINY} <&- >&- 2>&-").returncode == 0
    assert finished("fox")


@pytest.mark.parametrize("command", [f"{SAMPLE} words", f"{SAMPLE} raw", "compare words", "--version"])
def test_losing_output_in_a_closed_standard_output_is_one_line(runs, command):
    result = shell(f"charrnn {command} >&-")
    assert (result.returncode, result.stderr) == (1, "Error: standard output is closed\n")
    assert shell(f"charrnn {command} <&- >&- 2>&-").returncode == 1


def test_a_training_that_cannot_print_continues(fox):
    assert shell(f"charrnn train fox.txt --steps 9 {TINY} 2>&-").returncode == 0
    assert finished("fox")


def test_an_error_that_cannot_be_printed_has_its_exit_code():
    assert shell("charrnn train 2>&-").returncode == 1


@full
def test_a_full_standard_error_ends_no_training(fox):
    assert shell(f"charrnn train fox.txt --steps 9 {TINY} 2>/dev/full").returncode == 0
    assert finished("fox")


@full
@pytest.mark.parametrize("command", ["--help", "train --help", "corpora list", "compare words"])
def test_a_full_standard_output_is_one_line(runs, command):
    result = shell(f"charrnn {command} >/dev/full")
    assert (result.returncode, result.stderr) == (1, "Error: standard output: No space left on device\n")


def test_a_training_whose_json_nobody_reads_is_interrupted_and_saved(fox):
    result = shell(f"(charrnn train fox.txt --minutes 5 {TINY} --json; echo $? >code) | head -1")
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    assert Path("code").read_text() == "141\n"
    assert finished("fox")


@pytest.mark.parametrize("command", [f"{SAMPLE}99999 words", "--help"])
def test_a_pipe_that_nobody_reads_ends_it_as_its_signal_would(runs, command):
    result = shell(f"(sleep 1; charrnn {command}; echo $? >code) | true")
    assert (result.stderr, Path("code").read_text()) == ("", "141\n")


@full
def test_json_on_a_full_disk_is_told_when_the_training_is_done(fox):
    result = shell(f"charrnn train fox.txt --steps 9 {TINY} --json >/dev/full")
    assert (result.returncode, result.stderr) == (1, "Error: standard output: No space left on device\n")
    assert finished("fox")


def test_a_line_of_json_that_cannot_be_written_ends_no_training_and_is_told(fox, monkeypatch):
    show = JsonView.show

    def full_for_a_while(view, event):
        if isinstance(event, Evaluated):
            raise OSError(errno.ENOSPC, "No space left on device")
        show(view, event)

    monkeypatch.setattr(JsonView, "show", full_for_a_while)
    result = CliRunner().invoke(cli, ["train", "fox.txt", "--steps", "9", *TINY.split(), "--json"])
    assert (result.exit_code, result.stderr) == (1, "Error: standard output: No space left on device\n")
    assert '"reason": "done"' in result.stdout


CODE_PAGES = ["ascii", "cp1252", "cp437", "utf-16"]


@pytest.mark.parametrize("encoding", CODE_PAGES)
def test_files_and_pipes_get_utf_8_whatever_the_code_page(runs, encoding):
    page = f"PYTHONIOENCODING={encoding}"
    wanted = shell(f"PYTHONIOENCODING=utf-8 charrnn {UNICODE} > wanted.txt")
    result = shell(f"{page} charrnn {UNICODE} > found.txt")
    assert (wanted.returncode, result.returncode) == (0, 0)
    assert Path("found.txt").read_bytes() == Path("wanted.txt").read_bytes()
    assert any(ord(character) > 0xFF for character in Path("found.txt").read_text(encoding="utf-8"))
    assert shell(f"{page} charrnn {UNICODE}").stdout == Path("wanted.txt").read_text(encoding="utf-8")
    assert "'ж'" in shell(f"{page} charrnn {SAMPLE} words --prime ж").stderr


@pytest.mark.parametrize("encoding", ["utf-8", *CODE_PAGES])
def test_json_is_ascii_and_loses_nothing(runs, encoding):
    page = f"PYTHONIOENCODING={encoding}"
    Path("held.txt").write_text(HELD, encoding="utf-8")
    for command in ("eval raw held.txt --device cpu --kernel numpy --per-line", f"{UNICODE} --json"):
        shell(f"{page} charrnn {command} --json > found.json")
        text = Path("found.json").read_bytes().decode("ascii")
        assert "aé€𝄞" in "".join(map(str, (json.loads(line) for line in text.splitlines())))


@pytest.mark.skipif(pty is None, reason="there are no pseudo-terminals")
def test_only_a_terminal_gets_replacements(runs):
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "charrnn", *UNICODE.split()]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"}
    subprocess.run(command, stdout=child, stderr=subprocess.PIPE, env=environment, timeout=60, check=True)
    os.close(child)
    assert "aé€?".encode("cp1252") in os.read(parent, 4096)
    os.close(parent)


def test_a_stream_of_ascii_gets_other_characters_as_utf_8(runs):
    (runs / "words").rename(runs / "wörds")
    assert "runs/wörds" in shell("PYTHONIOENCODING=ascii charrnn info wörds").stdout
