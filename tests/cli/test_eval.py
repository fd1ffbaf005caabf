"""charrnn eval, as a user runs it."""

import json
import math
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.runs import checkpoint
from tests.conftest import train
from tests.support.pipes import written_into

WORDS = "runs/words/best.safetensors"


def evaluate(*arguments, input=None):
    return CliRunner().invoke(cli, ["eval", "--device", "cpu", "--kernel", "numpy", *arguments], input=input)


def score(*arguments, input=None):
    result = evaluate(*arguments, "--json", input=input)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def fails(*arguments, input=None):
    """The one line of an error."""
    result = evaluate(*arguments, input=input)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture(autouse=True)
def present(runs):
    """Each of these tests has runs to evaluate."""


def test_the_held_out_part_scores_as_it_did_in_training():
    progress = checkpoint.load(Path(WORDS)).progress
    found = score()
    assert found["loss"] == pytest.approx(progress.best_val_loss, rel=1e-6)
    assert found["bits_per_char"] == pytest.approx(found["loss"] / math.log(2))
    assert found["perplexity"] == pytest.approx(math.exp(found["loss"]))
    assert found["model"] == WORDS
    assert found == score("words") == score(WORDS)


def test_learning_while_reading_is_a_score_of_its_own():
    static = score()
    assert score("--dynamic", "--dynamic-rate", "0")["loss"] == pytest.approx(static["loss"], rel=1e-5)
    learned = score("--dynamic", "--dynamic-rate", "1e-4")
    assert learned["loss"] != pytest.approx(static["loss"], rel=1e-5)
    assert learned["text"] == "the held-out part, learning from it"
    assert learned["dynamic"] and not static["dynamic"]
    assert evaluate("--dynamic").stdout.startswith("dynamic     ") and evaluate().stdout.startswith("loss        ")
    assert score() == static


def test_the_text_learned_from_can_be_read_as_it_was_learned():
    found = score("--split", "train")
    assert found["text"] == "the training part"
    assert found["chars"] == checkpoint.load(Path(WORDS)).corpus.train_chars - 1


def test_the_test_part_is_read_only_when_asked_for():
    assert "runs/words has no test part, as nothing was held out for it; name a text" in fails("--split", "test")


def test_for_people_it_is_four_lines():
    result = evaluate()
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["loss", "bits/char", "perplexity", "characters"]
    assert result.stderr == f"{WORDS} on the held-out part\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dynamic-rate", "0.1"], "--dynamic-rate has no effect without --dynamic"),
        (["--dynamic-decay", "0.1"], "--dynamic-decay has no effect without --dynamic"),
        (["--dynamic", "--per-line"], "--dynamic reads a whole text, and --per-line its lines; give one of them"),
        (
            ["words", "text.txt", "--split", "test"],
            "--split names a part of the run's own text, and text.txt is another text; give one of them",
        ),
        (
            ["--split", "val", "-"],
            "--split names a part of the run's own text, and - is another text; give one of them",
        ),
    ],
)
def test_options_without_effect_are_refused(arguments, message):
    result = evaluate(*arguments, input="cat\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith(f"Error: {message}")


def test_a_certainty_costs_nothing():
    Path("same.txt").write_text("a" * 400)
    train("same.txt", "runs/same", steps=2)
    result = evaluate("same", "--baselines")
    assert "6-gram      0.0000 nats/char, 0.0000 bits" in result.stdout
    assert "-0.0" not in result.stdout


def test_figures_of_bytes_say_bytes():
    first, second, _, last = evaluate("raw").stdout.splitlines()
    assert first.endswith(" nats/byte") and second.startswith("bits/byte ") and last.startswith("bytes       ")
    assert "standard input has 1 byte that" in fails("raw", "-", input="a")


def test_baselines_are_shown_beside_it():
    found = score("--baselines")
    assert found.pop("baselines").keys() == {"6-gram", "xz -9"}
    assert found == score()
    lines = evaluate("--baselines").stdout.splitlines()
    assert [line.split()[0] for line in lines[4:]] == ["6-gram", "xz"]


def test_baselines_do_not_score_single_lines_and_need_the_text_of_the_run():
    assert evaluate("--baselines", "--per-line").exit_code == 2
    Path("text.txt").write_text("cat\nant\n")
    Path("runs/words/tokens.bin").unlink()
    assert "which is gone, damaged or not readable; charrnn train --resume" in fails("words", "text.txt", "--baselines")


def test_a_text_is_a_file_or_standard_input_of_a_run_or_of_the_newest():
    Path("text.txt").write_text("cat\nant\n")
    wanted = score("words", "text.txt")
    assert wanted["chars"] == 7
    assert wanted["text"] == "text.txt"
    assert score("text.txt") == wanted
    for arguments in (["words", "-"], ["-"]):
        assert score(*arguments, input="cat\nant\n") == wanted | {"text": "standard input"}


def test_a_pipe_is_read_once():
    Path("text.txt").write_text("cat\nant\n")
    wanted = score("text.txt")
    for number, run in enumerate((["words"], [])):
        pipe = f"pipe{number}"
        with written_into(Path(pipe), b"cat\nant\n"):
            assert score(*run, pipe) == wanted | {"text": pipe}


def test_learned_text_is_likelier_than_other_text():
    assert score("-", input="cat\nant\nten\n" * 9)["loss"] < score("-", input="tcattnaten\n\n\n" * 9)["loss"]


def test_lines_are_ranked():
    result = evaluate("--per-line", "-", input="cat\n\ntttt\nten\n")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [line for _, line in rows][-1] == "tttt"
    assert len(rows) == 3
    assert sorted(rows, key=lambda row: float(row[0])) == rows
    lines = evaluate("--per-line", "--json", "-", input="cat\n\ntttt\nten").stdout.splitlines()
    assert [json.loads(line)["line"] for line in lines] == [line for _, line in rows]
    assert json.loads(lines[0])["chars"] == 4


def test_lines_of_bytes_are_ranked():
    assert evaluate("raw", "-", "--per-line", input="€𝄞\naé€𝄞\n").stdout.endswith("\t€𝄞\n")


def test_unseen_characters():
    assert f"Error: {WORDS}: the character 'X' (U+0058) at line 2, column 1 (offset 4)" in fails("-", input="cat\nXY\n")
    skipped, replaced = (score("-", "--unknown", how, input="cat\nXY\n") for how in ("skip", "replace"))
    assert (skipped["chars"], skipped["unknown"]) == (4, 2)
    assert (replaced["chars"], replaced["unknown"]) == (6, 2)
    assert score("-", "--unknown", "skip", input="cat\n")["unknown"] == 0


def test_unseen_characters_that_are_passed_over_are_counted():
    said = "note: 2 of 7 characters are unknown, and were "
    for arguments in ([], ["--json"], ["--per-line"]):
        assert f"{said}skipped\n" in evaluate("-", "--unknown", "skip", *arguments, input="cat\nXY\n").stderr
    assert f"{said}replaced\n" in evaluate("-", "--unknown", "replace", input="cat\nXY\n").stderr
    assert "note" not in evaluate("-", "--unknown", "skip", input="cat\n").stderr


@pytest.mark.parametrize("arguments", [(), ("--dynamic",), ("--per-line",)])
def test_a_bar_shows_how_much_has_been_read(arguments, monkeypatch):
    told = []
    bar = nullcontext(lambda done, total: told.append((done, total)))
    monkeypatch.setattr("charrnn.cli.eval.progress_bar", lambda label, after: bar)
    assert evaluate(*arguments).exit_code == 0
    total = told[-1][0]
    assert told == [(done, total) for done in sorted({done for done, _ in told})]


def test_without_the_text_that_it_learned_from_a_file_is_needed():
    Path("runs/words/tokens.bin").unlink()
    assert "name the text: charrnn eval runs/words FILE" in fails()
    assert score("-", input="cat\n")["chars"] == 3


def test_another_text_beside_the_run_is_not_its_held_out_part():
    facts = Path("runs/words/tokens.json")
    facts.write_text(facts.read_text().replace('"sha256": "', '"sha256": "0'))
    assert "is gone, damaged or not readable" in fails()


def test_errors_are_one_line():
    assert "there is no run 'nosuch'" in fails("nosuch")
    assert "no file or folder nosuch.txt" in fails("words", "nosuch.txt")
    assert "standard input is empty" in fails("-", input="")
    assert "standard input has 1 character that" in fails("-", input="a")
    assert "byte 0xff at offset 1" in fails("-", input=b"a\xff")
    Path("broken.safetensors").write_bytes(b"broken")
    assert "broken.safetensors is not a checkpoint" in fails("broken.safetensors")


def test_without_a_run_it_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "runs" / "words")
    assert "charrnn train CORPUS makes one" in fails()


def test_help_ends_in_examples():
    assert "charrnn eval shakespeare letter.txt --unknown replace" in evaluate("--help").stdout


def test_several_texts_are_evaluated_as_one():
    for name, content in (("a.txt", "cat\nten"), ("b.txt", "tea\n"), ("whole.txt", "cat\nten\ntea\n")):
        Path(name).write_text(content)
    whole = evaluate("words", "whole.txt")
    for arguments in (["words", "a.txt", "b.txt"], ["a.txt", "b.txt"]):
        several = evaluate(*arguments)
        assert (several.exit_code, several.stdout) == (0, whole.stdout)
        assert several.stderr == "runs/words/best.safetensors on a.txt and 1 more\n"
    Path("texts").mkdir()
    for name in ("a.txt", "b.txt"):
        Path(name).rename(f"texts/{name}")
    assert evaluate("words", "texts").stdout == whole.stdout
    assert evaluate("words", "texts/a.txt", "-", input="tea\n").stdout == whole.stdout


def test_a_first_argument_that_may_be_a_run_is_not_read_as_a_text():
    Path("words").write_text("cat\n")
    Path("b.txt").write_text("tea\n")
    assert "words is a text, not a run; its run is runs/words" in evaluate("words", "b.txt").stderr
    Path("copy").write_bytes(Path("runs/words/best.safetensors").read_bytes())
    assert evaluate("copy", "b.txt").stderr == "copy on b.txt\n"


def test_records_are_ranked(pairs):
    text = "+cat\n-ten\n\n-tttt\n+\n\n\n+an\n-an\n"
    rows = [
        json.loads(line) for line in evaluate("pairs", "-", "--per-record", "--json", input=text).stdout.splitlines()
    ]
    assert rows[-1]["record"] == "-tttt\n+"
    assert sorted(row["record"] for row in rows[:2]) == ["+an\n-an", "+cat\n-ten"]
    assert {row["record"]: row["chars"] for row in rows}["+cat\n-ten"] == 11
    shown = evaluate("pairs", "-", "--per-record", input=text).stdout.splitlines()
    assert shown[-1].endswith("\t-tttt\\n+") and len(shown) == 3
    assert len(evaluate("pairs", "-", "--per-line", input=text).stdout.splitlines()) == 6


def test_ranking_records_is_refused_without_records(pairs):
    assert "learned a text without records; train TEXT --as records" in evaluate("words", "--per-record").stderr
    assert "give one of them" in evaluate("pairs", "--per-record", "--per-line").stderr
    assert "--dynamic reads a whole text, and --per-record its records" in evaluate("--per-record", "--dynamic").stderr


def test_a_text_of_records_is_evaluated_as_it_is_learned(pairs):
    Path("folder").mkdir()
    for number in range(2):
        Path(f"folder/{number}.txt").write_text(f"+cat\n-te{'an'[number]}")
    Path("one.txt").write_text("+cat\n-tea\n\n+cat\n-ten\n\n")
    assert evaluate("pairs", "folder").stdout == evaluate("pairs", "one.txt").stdout
