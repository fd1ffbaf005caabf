"""charrnn sample, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.runs import checkpoint
from tests.conftest import WORDS as LEARNED
from tests.conftest import train
from tests.support.pipes import written_into

try:
    import pty
except ImportError:  # Windows
    pty = None

WORDS = Path("runs/words/best.safetensors")
ROOT = Path(__file__).parents[2]


def sample(*arguments, input=None):
    return CliRunner().invoke(cli, ["sample", "--device", "cpu", "--kernel", "numpy", *arguments], input=input)


def fails(*arguments, code=1, input=None):
    """The one line of an error."""
    result = sample(*arguments, input=input)
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr.splitlines()[-1]


@pytest.fixture(autouse=True)
def present(runs):
    """Each of these tests has runs to sample from."""


def test_the_newest_run_is_the_default_and_the_text_has_the_length_asked_for():
    result = sample("--length", "40", "--seed", "1")
    assert result.exit_code == 0
    assert len(result.stdout.rstrip("\n")) in (39, 40)
    assert result.stderr == ""


def test_texts_in_json_are_numbered():
    rows = [json.loads(line) for line in sample("--seed", "1", "-n", "3", "--json").stdout.splitlines()]
    assert [row["index"] for row in rows] == [0, 1, 2]


def test_the_default_length_is_500():
    result = sample("--seed", "1", "--json")
    assert len(json.loads(result.stdout)["text"]) == 500


def test_a_run_is_named_by_folder_name_or_checkpoint():
    by_name, by_folder, by_file = (sample(run, "--seed", "1").stdout for run in ("words", "runs/words", str(WORDS)))
    assert by_name == by_folder == by_file


def test_the_same_seed_draws_the_same_text():
    assert sample("--seed", "1").stdout == sample("--seed", "1").stdout
    assert sample("--seed", "1").stdout != sample("--seed", "2").stdout
    assert sample().stdout != sample().stdout


def test_greedy_is_temperature_zero():
    assert sample("--greedy", "--seed", "1").stdout == sample("--temp", "0", "--seed", "2").stdout
    assert "give one of them" in fails("--greedy", "--temp", "0", code=2)


def test_one_likeliest_character_is_greedy():
    assert sample("--top-k", "1").stdout == sample("--top-p", "1e-9").stdout == sample("--greedy").stdout


def test_the_prime_is_printed_and_not_counted():
    result = sample("--prime", "ca", "--length", "1", "--greedy")
    assert result.stdout == "cat\n"


def test_the_prime_comes_from_a_file_a_pipe_or_standard_input():
    Path("prime.txt").write_text("ca")
    wanted = sample("--prime", "ca", "--seed", "1").stdout
    assert sample("--prime-file", "prime.txt", "--seed", "1").stdout == wanted
    assert sample("--prime-file", "-", "--seed", "1", input="ca").stdout == wanted
    with written_into(Path("pipe"), b"ca"):
        assert sample("--prime-file", "pipe", "--seed", "1").stdout == wanted
    assert "give one of them" in fails("--prime", "c", "--prime-file", "prime.txt", code=2)


def test_lines_are_rows_and_those_that_are_new_are_counted():
    result = sample("--lines", "7", "--seed", "1")
    assert result.stdout.count("\n") == 7
    assert result.stderr.endswith(" lines are not in the text that the run learned from\n")
    assert not result.stderr.startswith("0")
    assert sample("--lines", "1", "--greedy", "--prime", "ca").stderr.startswith("0 of 1 lines")


def test_new_lines_are_not_counted_where_the_text_is_gone():
    Path("runs/words/tokens.bin").unlink()
    assert sample("--lines", "3", "--seed", "1").stderr == ""


def test_lines_end_at_a_length_that_is_given():
    assert len(sample("--lines", "50", "--length", "20", "--seed", "1").stdout.rstrip("\n")) <= 20


def test_several_texts_are_separated_and_the_first_is_the_only_one():
    one, three = sample("--seed", "1", "--length", "30"), sample("--seed", "1", "--length", "30", "-n", "3")
    texts = three.stdout.split("---\n")
    assert len(texts) == 3
    assert texts[0] == one.stdout


def test_texts_of_one_line_are_not_separated():
    result = sample("-n", "9", "--lines", "1", "--seed", "1")
    assert result.stdout.count("\n") == 9
    assert "---" not in result.stdout


def test_json_has_text_prime_and_seed():
    result = sample("-n", "2", "--json", "--prime", "ca", "--length", "9")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [len(line["text"]) for line in lines] == [9, 9]
    assert lines[0]["prime"] == "ca"
    again = sample("--json", "--prime", "ca", "--length", "9", "--seed", str(lines[0]["seed"])).stdout
    assert json.loads(again) == lines[0]


def test_stop_ends_the_text_before_the_string():
    result = sample("--stop", "t", "--prime", "ca", "--greedy")
    assert result.stdout == "ca\n"


def test_an_empty_stop_string_is_refused():
    assert fails("--stop", "", code=2) == "Error: --stop needs a string of at least one character"


def test_a_stop_string_that_can_never_come_is_refused():
    said = "--stop 'tX' can never come: the character 'X' (U+0058) is not in the vocabulary"
    assert said in fails("--stop", "tX", code=2)
    assert "the character '\\r' (U+000D) is not" in fails("--stop", r"t\r\n", code=2)
    assert r"--stop 'a\q' can" not in fails("--stop", r"a\q", code=2)  # not an escape, and shown with \\


def test_a_stop_string_typed_with_escapes_is_understood():
    result = sample("--stop", r"\n", "--prime", "ca", "--greedy")
    assert result.stdout == sample("--stop", "\n", "--prime", "ca", "--greedy").stdout == "cat\n"
    assert result.stderr == "note: --stop '\\n' is read as LF, as the run's text has no backslash\n"
    assert "is read as LF" in sample("raw", "--stop", r"\n", "--length", "5").stderr


def test_a_stop_string_with_a_backslash_that_the_text_has_is_taken_as_typed():
    for number, (text, typed, understood) in enumerate(
        ((r"a\nb", r"\n", False), (r"a\qb", r"\n", True), (r"a\qtb", r"\t", False))
    ):
        Path("code.txt").write_text(f"{text}\n" * 40)
        train("code.txt", f"runs/code{number}", steps=1)
        result = sample(f"code{number}", "--stop", typed, "--length", "5")
        assert (result.exit_code, "is read as" in result.stderr) == (0, understood), (text, typed)


def test_a_prime_typed_with_escapes_is_understood():
    result = sample("--prime", r"ca\n", "--seed", "1")
    assert result.stdout == sample("--prime", "ca\n", "--seed", "1").stdout
    assert result.stderr == "note: --prime 'ca\\n' is read as ca LF, as the run's text has no backslash\n"
    assert sample("--prime", r"ca\n", "--unknown", "skip").exit_code == 0
    Path("prime.txt").write_text(r"ca\n")
    assert r"the character '\\' (U+005C)" in fails("--prime-file", "prime.txt")


def test_bytes_never_split_a_character():
    assert sample("raw", "--greedy", "--length", "8", "--prime", "a").stdout == "aé€𝄞\naé€𝄞\n"
    assert sample("raw", "--greedy", "--length", "2", "--prime", "a").stdout == "aé€\n"


def test_bytes_that_are_not_utf_8_are_written_unchanged():
    arguments = ["raw", "--temp", "99", "--seed", "1", "--length", "60", "--prime", "a\udcff€"]
    data = sample(*arguments).stdout_bytes
    assert data.startswith("a\udcff€".encode("utf-8", "surrogateescape"))
    assert len(set(data[5:])) > 20  # of all kinds
    assert "\ufffd".encode() not in data
    found = json.loads(sample(*arguments, "--json").stdout)
    assert found["prime"] == "a\ufffd€"
    assert found["text"] == data[5:-1].decode("utf-8", "replace")


def on_terminal(*arguments, **variables):
    """The output that a terminal gets."""
    parent, child = pty.openpty()
    with start(*arguments, stdout=child, **variables):
        os.close(child)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(parent, 4096):
                shown += piece
    os.close(parent)
    return shown


BOLD, PLAIN = b"\x1b[1m", b"\x1b[0m"


@pytest.mark.skipif(pty is None, reason="there are no pseudo-terminals")
def test_a_terminal_obeys_nothing_in_the_text():
    for prime, written in (("a\x1b[2J\tb", "a\\x1b[2J\tb"), ("a\udcff\x07", "a\ufffd\\x07")):
        shown = on_terminal("raw", "--length", "4", "--prime", prime)
        assert shown.startswith(BOLD + written.encode() + PLAIN)
        assert sample("raw", "--length", "4", "--prime", prime).stdout_bytes.startswith(os.fsencode(prime))


@pytest.mark.skipif(pty is None, reason="there are no pseudo-terminals")
def test_only_a_terminal_shows_the_prime_in_bold():
    arguments = ["--prime", "ca", "--length", "1", "--greedy"]
    assert on_terminal(*arguments) == BOLD + b"ca" + PLAIN + b"t\r\n"
    assert on_terminal(*arguments[2:]) == sample(*arguments[2:]).stdout_bytes.replace(b"\n", b"\r\n")
    assert on_terminal(*arguments, TERM="dumb") == b"cat\r\n"
    assert sample(*arguments).stdout == "cat\n"


def test_unseen_characters():
    said = "Error: runs/words/best.safetensors: the character 'X' (U+0058) at line 1, column 3"
    assert fails("--prime", "caXY").startswith(said)
    assert sample("--prime", "caX", "--unknown", "skip", "--length", "1", "--greedy").stdout == "cat\n"
    assert sample("--prime", "caX", "--unknown", "replace", "--length", "1").exit_code == 0


def test_errors_are_one_line():
    assert "there is no run 'nosuch'" in fails("nosuch")
    assert "no file or folder nosuch.txt" in fails("--prime-file", "nosuch.txt")
    assert "byte 0xff at offset 1" in fails("--prime-file", "-", input=b"a\xff")
    assert "kernel 'nosuch' is not one of" in CliRunner().invoke(cli, ["sample", "--kernel", "nosuch"]).stderr
    for wrong in (["--temp", "inf"], ["--top-p", "nan"]):
        assert f"Invalid value for '{wrong[0]}': {wrong[1]} is not finite." in fails(*wrong, code=2)
    for wrong in (["--temp", "-1"], ["--length", "0"], ["--top-p", "0"], ["--lines", "0"], ["-n", "0"]):
        assert "Invalid value" in fails(*wrong, code=2)


def test_the_prime_can_be_read_in_another_encoding():
    Path("prime.txt").write_bytes("ca".encode("utf-16"))
    assert sample("--prime-file", "prime.txt", "--encoding", "utf-16", "--greedy", "--length", "1").stdout == "cat\n"


def start(*arguments, stdout=subprocess.PIPE, **variables):
    command = [sys.executable, "-m", "charrnn", "sample", "--device", "cpu", "--kernel", "numpy", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    return subprocess.Popen(command, text=True, env=environment, stdout=stdout, stderr=subprocess.PIPE)


def test_the_text_is_streamed_and_ctrl_c_ends_it_quietly():
    with start("--length", "100000000") as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors.strip()) == (130, "")


def test_a_closed_pipe_ends_it_quietly():
    with start("--length", "100000000") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_help_ends_in_examples():
    assert "charrnn sample names --lines 20 --seed 1" in sample("--help").stdout


def test_weights_that_are_not_finite_are_refused():
    path = Path("runs/words/best.safetensors")
    saved = checkpoint.load(path)
    saved.weights["head.bias"][1] = float("nan")
    saved.save(path)
    assert "is damaged: head.bias has values that are not finite" in fails("words")


def records(*arguments):
    """The records in the output, and the notes."""
    result = sample("pairs", "--seed", "1", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.removesuffix("\n").split("\n---\n"), result.stderr


def is_pair(record):
    first, _, second = record.partition("\n")
    return first[:1] + second[:1] == "+-" and {first[1:], second[1:]} <= set(LEARNED)


def test_records_come_from_their_beginnings_to_their_ends(pairs):
    drawn, notes = records("--records", "30", "--temp", "0.3")
    assert len(drawn) == 30
    assert sum(map(is_pair, drawn)) >= 25  # a small network
    assert notes.endswith(" of 30 records are not in the text that the run learned from\n")


def test_a_run_of_records_writes_a_record_by_default(pairs):
    one, note = records("--temp", "0.3")
    assert len(one) == 1 and is_pair(one[0])
    assert note == "0 of 1 records are not in the text that the run learned from\n"
    assert records("--temp", "0.3", "-n", "4") == records("--temp", "0.3", "--records", "4")
    through = sample("pairs", "--length", "100", "--temp", "0.3", "--seed", "1").stdout
    assert len(through.rstrip("\n")) >= 98 and through.startswith(f"{one[0]}\n\n")
    assert sample("pairs", "--lines", "5", "--seed", "1").stdout.count("\n") == 5


def test_new_records_are_counted_with_their_primes(pairs):
    drawn, note = records("--records", "5", "--prime", "+cat\n-ten\n\n+catcat\n", "--temp", "0.3")
    assert all(record.startswith("+cat\n-ten\n\n+catcat\n") for record in drawn)
    assert note.endswith("5 of 5 records are not in the text that the run learned from\n")


def test_records_that_do_not_end_are_counted(pairs):
    drawn, notes = records("--records", "4", "--length", "3", "--temp", "0.3")
    assert all(len(record) == 3 for record in drawn)
    assert notes == "4 of 4 records did not end within 3 characters; a larger --length allows more\n"


def test_a_separator_that_begins_in_the_prime_ends_the_record(pairs):
    drawn, _ = records("--records", "3", "--prime", "+cat\n-ten\n", "--greedy")
    assert drawn == ["+cat\n-ten"] * 3


def test_records_in_json_say_whether_they_are_complete(pairs):
    rows = [json.loads(line) for line in sample("pairs", "--records", "3", "--seed", "1", "--json").stdout.splitlines()]
    assert [row["text"] for row in rows] == records("--records", "3")[0]
    assert [row["complete"] for row in rows] == [True] * 3
    short = json.loads(sample("pairs", "--records", "1", "--length", "2", "--json").stdout)
    assert short["complete"] is False
    assert "complete" not in json.loads(sample("pairs", "--length", "9", "--json").stdout)


@pytest.mark.parametrize("kernel", ["numpy", "cpu"])
def test_the_first_of_many_records_is_the_only_one_with_any_kernel(pairs, kernel):
    def drawn(number):
        arguments = ["sample", "pairs", "--device", "cpu", "--kernel", kernel, "--seed", "2", "--records", number]
        result = CliRunner().invoke(cli, arguments)
        return result.stdout.split("\n---\n") if result.exit_code == 0 else pytest.skip(result.stderr)

    assert drawn("20")[0].strip() == drawn("1")[0].strip()


def test_the_lines_of_a_list_are_its_records():
    checkpoint_ = "runs/list"
    Path("list.txt").write_text("".join(f"{word}{other}\n" for word in LEARNED for other in LEARNED))
    train("list.txt", checkpoint_, steps=60, split="lines")
    result = sample("list", "--records", "6", "--seed", "1")
    assert result.stdout.count("\n") == 6 and "---" not in result.stdout
    assert result.stderr.endswith(" of 6 lines are not in the text that the run learned from\n")
    rows = sample("list", "--records", "6", "--seed", "1", "--json").stdout.splitlines()
    assert "".join(json.loads(row)["text"] + "\n" for row in rows) == result.stdout


def test_records_are_refused_where_they_have_no_meaning(pairs):
    said = "words/best.safetensors learned a text without records; train TEXT --as records learns them whole"
    assert said in fails("words", "--records", "2", code=2)
    for option in (["--lines", "2"], ["--stop", "a"], ["-n", "2"]):
        assert "as --records does" in fails("pairs", "--records", "2", *option, code=2)


def test_binary_records_are_written_as_they_are():
    Path("raw.bin").write_bytes(b"\xff\x01\xfe\0" * 60)
    train("raw.bin", "runs/binary", steps=150, bytes=True, separator="\udcfe\0")
    result = sample("binary", "--records", "2", "--greedy")
    assert result.stdout_bytes == b"\xff\x01\n---\n\xff\x01\n"
    assert result.stderr == "0 of 2 records are not in the text that the run learned from\n"
