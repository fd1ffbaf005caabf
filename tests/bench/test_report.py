"""Figures and ratios of turns that the tests invent."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from charrnn.bench.check import Errors
from charrnn.bench.job import Job, VariantTrial
from charrnn.bench.machine import Ceiling
from charrnn.bench.report import Turn, build_report
from charrnn.bench.timing import Spread
from charrnn.view.bench import show_report
from tests.bench.examples import MACHINE, TINY, measurement


class TestReport:
    ours, rival = Job("numpy", "cpu", TINY, sampling=True), Job("torch", "cpu", TINY, variant="its best")
    turns = (
        Turn(
            Ceiling(2e-3, 2e-3, None),
            measurement("us", 1.0, 2.0, 9.0, sampling={"one_text": 10, "hundred_texts": 90}),
            measurement("them", 4.0, sampling={"one_text": 5, "one_text_by_default": 1}),
        ),
        Turn(
            Ceiling(1e-3, 1e-3, None),
            measurement("us", 4.0, sampling={"one_text": 20, "hundred_texts": 100}),
            measurement("them", 4.0, sampling={"one_text": 5, "one_text_by_default": 2}),
        ),
    )

    def test_pairs(self):
        report = build_report(Errors(0, 0, 0), MACHINE, self.ours, self.rival, self.turns)
        assert [pair.ratio for pair in report.pairs] == [2.0, 1.0]
        assert report.ratio == Spread(1.5, 1.0, 2.0)
        assert report.ours.milliseconds["step"] == Spread(3000, 1000, 9000)
        assert report.ours.milliseconds["rest"].median == pytest.approx(600)
        assert report.ours.chars_per_second == pytest.approx(14 / 3)
        gflop = TINY.flops / 1e9
        assert report.ours.share.high == pytest.approx(gflop / 2 / 2e-3)
        assert report.ours.share.low == pytest.approx(gflop / 4 / 1e-3)
        assert report.ours.memory.training == 3000
        assert report.ours.memory.ratio == pytest.approx(3000 / TINY.least_bytes)
        assert report.rival.variant == "its best"
        assert report.ours.microseconds["backward"].median == pytest.approx(3 / 2 * 1e6 / 14)
        assert report.ours.gb_per_second == pytest.approx(TINY.traffic / 1e9 / 3)
        assert report.ours.copy_share == pytest.approx(report.ours.gb_per_second / 10)

    def test_a_graph_has_no_phases_and_all_variants_are_reported(self):
        graph = replace(measurement("them", 4.0), seconds={"graph": [4.0], "step": [4.0]})
        trial = VariantTrial("its best", {"TF32": 5.0, "its best": 4.0}, {"float16": "no"})
        turn = Turn(Ceiling(1, 1, None), measurement("us", 1.0), graph)
        report = build_report(Errors(0, 0, 0), MACHINE, Job("cuda", "gpu:0", TINY), self.rival, [turn], trial)
        assert (set(report.rival.milliseconds), report.rival.microseconds) == ({"step"}, {})
        assert report.variants == {"TF32": 5.0, "its best": 4.0, "float16": "no"}
        show_report(report, Console(width=80, file=StringIO()))

    def test_sampling(self):
        report = build_report(Errors(0, 0, 0), MACHINE, self.ours, self.rival, self.turns)
        assert report.ratio_sampling == {
            "hundred_to_one": Spread(7.0, 5.0, 9.0),
            "one_text": Spread(3.0, 2.0, 4.0),
            "one_text_by_default": Spread(10.0, 10.0, 10.0),
        }

    def test_alone_and_where_memory_is_unknown(self):
        alone = replace(measurement("us", 1.0), memory=None)
        report = build_report(
            Errors(0, 0, 0), MACHINE, Job("numpy", "cpu", TINY), None, [Turn(Ceiling(1, 1, 0), alone, None)]
        )
        assert (report.rival, report.pairs, report.ratio, report.ratio_sampling) == (None, [], None, {})
        assert report.ours.memory is None
