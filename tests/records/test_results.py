"""Recorded runs: what is kept, what is refused, and the tables that are made from them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from charrnn import catalogue
from charrnn.errors import CheckpointError
from charrnn.records.results import grouped, parse, reached, read_results
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import TextRecord
from charrnn.runs.run import Run
from charrnn.text.reading.reader import sha256_of
from tests.conftest import WORDS, train
from tests.tools import record_run as results

FACTS = {
    "corpus": "shakespeare",
    "data": "shakespeare",
    "preset": "quick",
    "options": {},
    "config": {"minutes": 3.0},
    "model": "lstm 1x256",
    "parameters": 12345,
    "train_chars": 100,
    "val_chars": 10,
    "machine": "2 cores",
    "versions": {},
}


def result(name="a", losses=(1.7, 1.5, 1.6), evals=(), **facts):
    rows = [
        {"step": step, "epoch": step, "chars": step, "seconds": 60 * step, "train_loss": 1.0, "val_loss": loss}
        for step, loss in enumerate(losses, 1)
    ]
    return parse(name, "\n".join(map(json.dumps, [FACTS | facts, *rows, *evals])))


def seeded(seed, loss, **facts):
    return result(f"seed{seed}", (loss,), options={"seed": seed}, config={"minutes": 3.0, "seed": seed}, **facts)


def gru(name, **rest):
    return result(name, options={"cell": "gru"}, config={"minutes": 3.0, "cell": "gru"}, **rest)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")


class TestRead:
    def test_best_and_final(self):
        found = result()
        assert (found.best["val_loss"], found.final["val_loss"], found.minutes, found.seed) == (1.5, 1.6, 3, 1)

    @pytest.mark.parametrize(
        ("config", "protocol"),
        [
            ({}, "last 10%"),
            ({"val_fraction": 0.05, "split": "interleaved"}, "last 5% of each of 50 streams (as char-rnn)"),
            ({"val_fraction": 1000 / 32033, "split": "lines"}, "3.12% of the lines, at random (as makemore)"),
            ({"split": "unique-lines"}, "10% of the different lines, none of them learned"),
            ({"test_fraction": 0.05}, "last 10%, a further 5% kept for the test"),
            ({"eval_chars": 9}, "last 10%, of which the first 9 characters"),
        ],
    )
    def test_the_protocol(self, config, protocol):
        assert result(config=config).protocol == protocol

    def test_seeds_of_the_same_settings_are_together_and_the_lowest_loss_is_first(self):
        runs = [
            seeded(2, 1.49),
            seeded(1, 1.5),
            gru("b"),
            result("c", preset="lines", config={"hidden_size": 64}),
            result("d", machine="a GPU", losses=(1.2,)),
        ]
        names = [[run.name for run in group] for group in grouped(runs)]
        assert names == [["d"], ["seed1", "seed2"], ["b"], ["c"]]

    def test_settings_are_the_same_wherever_they_came_from(self):
        by_hand = result("by hand", (1.51,), preset="none", options={"minutes": 3.0})
        assert [[run.name for run in group] for group in grouped([by_hand, seeded(2, 1.5)])] == [["by hand", "seed2"]]
        assert reached("quick", [by_hand, seeded(2, 1.5)]).startswith("Reached 1.510 and 1.500 nats")
        assert reached("quick", [by_hand]) == ""
        assert "`charrnn train shakespeare --preset quick`" in results.table([by_hand, seeded(2, 1.5)])

    def test_only_runs_of_the_unchanged_preset_count_for_it(self):
        runs = [
            seeded(1, 1.5),
            seeded(2, 1.49),
            gru("b", losses=(1.1,)),
            result("c", preset="lines", options={"sample_length": 0}, config={"hidden_size": 64, "sample_length": 0}),
        ]
        assert reached("quick", runs) == (
            "Reached 1.500 and 1.490 nats per character of shakespeare (2 seeds, last 10%) in 1 min on 2 cores."
        )
        assert reached("lines", runs).startswith("Reached 1.500 nats per character")
        assert reached("long", runs) == reached("quick", []) == ""


class TestTable:
    def test_no_results(self):
        assert results.table([]) == "No run is recorded yet.\n"

    def test_rows(self):
        dynamic = {"eval": "the held-out part, learning from it", "loss": 1.4, "chars": 10}
        other = gru("b", evals=[dynamic])
        lines = results.table([seeded(1, 1.5), seeded(2, 1.49), other]).splitlines()
        assert lines[2] == (
            "| 1 | shakespeare | last 10% | lstm 1x256 | 12,345 | 1, 2 | 1.0, 1.0 | 1.5000, 1.4900 | 1.5000, 1.4900 | "
            "2.1640, 2.1496 |"
        )
        assert lines[3].startswith("| 2 | ") and lines[3].endswith("| 3.0 | 1.6000 | 1.5000 | 2.1640 |")
        assert lines[4].startswith("| 2, `eval --dynamic` | shakespeare | last 10%, dynamic |")
        assert "| 1.4000 | 2.0198 |" in lines[4]
        assert {line.count("|") for line in lines[:5]} == {11}
        assert lines[-2:] == [
            "1. `charrnn train shakespeare --preset quick` (2 cores)",
            "2. `charrnn train shakespeare --preset quick --cell gru` (2 cores)",
        ]

    def test_the_summary_has_presets_as_they_are_and_the_loss_of_the_whole_held_out_part(self):
        whole = {"eval": "the held-out part", "loss": 1.3, "chars": 10}
        read = [gru("b"), seeded(1, 1.5, evals=[whole]), seeded(2, 1.49)]
        assert results.summary(read).splitlines()[2:] == [
            "| shakespeare | `charrnn train shakespeare --preset quick` | 12,345 | 1 | 1.300, 1.490 | 1.876, 2.150 |"
        ]

    def test_curves(self):
        row = results.curves([result(losses=(4.0, 3.0, 2.0, 1.5, 1.6))]).splitlines()[2]
        assert row == "| 1 | shakespeare | lstm 1x256 | 1 | 5.0 | - | 4.0000 | 3.0000 | 2.0000 | 1.6000 |"

    def test_recorded_files_are_small_and_name_no_path(self):
        assert all(path.stat().st_size < 20_000 for path in results.RESULTS.glob("*.jsonl"))
        for each in read_results():
            assert each.final["step"] >= each.best["step"] and "/" not in each.data


class TestRecord:
    @pytest.fixture(autouse=True)
    def elsewhere(self, folder):
        """Nothing is written into the repository."""

    def test_a_finished_run_is_kept(self, runs):
        said = {"model": "m", "text": "the test part", "loss": 2.0000001, "bits_per_char": 3, "chars": 7}
        path = results.record(Run(runs / "words"), "words", evals=[said])
        found = parse("words", path.read_text())
        rows = Run(runs / "words").read_metrics()
        assert [row["step"] for row in found.history] == [row["step"] for row in rows] == [20, 40, 60]
        assert found.best["val_loss"] == round(min(row["val_loss"] for row in rows), 5)
        assert found.evals == ({"eval": "the test part", "loss": 2.0, "chars": 7},)
        assert found.data.startswith("words.txt (sha256 ")
        assert (found.corpus, found.model, found.preset, found.seed) == ("words.txt", "lstm 1x16", "none", 3)
        assert found.parameters == 4 * 16 * (8 + 16 + 2) + 8 * 16 + 8
        assert found.options["hidden_size"] == 16 and " core" in found.machine
        assert results.command(found).startswith("charrnn train words.txt --preset none --hidden-size 16 ")

    def test_corpora_of_the_catalogue_have_its_name(self):
        names = sha256_of(catalogue.open_corpus("names"))
        known = {"corpus": "names", "data": "names"}
        assert results.text(TextRecord("/some/where/list.txt", "list.txt", names, 0)) == known
        file = {"corpus": "list.txt", "data": "list.txt (sha256 0123456789ab)"}
        assert results.text(TextRecord("/some/where/list.txt", "list.txt", "0123456789abcdef", 0)) == file

    def test_sources_of_a_corpus_are_told_apart(self):
        sources = catalogue.find_corpus("shakespeare").sources
        said = [results.text(TextRecord("x.txt", "x.txt", source.result.sha256, 0)) for source in sources]
        assert said[0] == {"corpus": "shakespeare", "data": "shakespeare"}
        assert said[1]["corpus"] == "shakespeare" and "not tinyshakespeare byte for byte" in said[1]["data"]

    def test_a_run_that_is_not_finished_or_evaluated_is_refused(self, runs):
        run = Run(runs / "words")
        metrics = run.metrics.read_text()
        run.metrics.write_text(metrics[: metrics.rindex("{")])
        with pytest.raises(CheckpointError, match="do not end in an evaluation of its last step"):
            results.record(run, "words")
        run.metrics.write_text("")
        with pytest.raises(CheckpointError, match="do not end in an evaluation"):
            results.record(run, "words")
        saved = checkpoint.load(run.last)
        saved.progress.ended = None
        saved.save(run.last)
        with pytest.raises(CheckpointError, match=r"is not finished: charrnn train --resume --run .*words first"):
            results.record(run, "words")
        assert not results.RESULTS.exists()

    def test_without_a_held_out_part_or_with_another_text_there_is_no_result(self, runs):
        Path("words.txt").write_text("".join(f"{word}\n" for word in WORDS * 9))
        train("words.txt", "blind", steps=2, val_fraction=0)
        with pytest.raises(CheckpointError, match="do not end in an evaluation"):
            results.record(Run(Path("blind")), "blind")
        with pytest.raises(CheckpointError, match=r"was of letter.txt, not of a held-out part"):
            results.record(Run(runs / "words"), "words", evals=[{"text": "letter.txt", "loss": 1.0, "chars": 3}])

    def test_a_run_of_several_texts_is_refused(self, runs):
        run = Run(runs / "words")
        saved = checkpoint.load(run.last)
        replace(saved, corpus=replace(saved.corpus, argument=["a.txt", "b.txt"])).save(run.last)
        with pytest.raises(CheckpointError, match="learned several texts, and a record names one"):
            results.record(run, "words")

    def test_long_histories_are_thinned_and_the_best_stays(self):
        history = [{"step": step, "val_loss": 1.0 + (step != 777)} for step in range(5000)]
        kept = [row["step"] for row in results.thinned(history)]
        assert len(kept) <= results.ROWS and {0, 777, 4999} <= set(kept) and kept == sorted(kept)
        assert results.thinned(history[:3]) == history[:3] and results.thinned(history[:1]) == history[:1]
