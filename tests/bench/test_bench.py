"""What is counted, checked, refused and reported; never how fast it was."""

import contextlib
import importlib.util
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from charrnn.bench import machine, match, timing
from charrnn.bench.check import LIMITS, Errors, check
from charrnn.bench.job import Job, measure, settle
from charrnn.bench.machine import Ceiling, Machine
from charrnn.bench.match import BenchRequest, bench
from charrnn.bench.report import Turn, build_report
from charrnn.bench.timing import HostClock, Laps, Spread, rate
from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import BackendError, ConfigError, Unsupported
from charrnn.kernels.choice import build
from charrnn.kernels.numpy.kernels import LSTMSweep, NumpyKernels
from charrnn.kernels.reference import ReferenceKernels
from charrnn.view.bench import show_report
from tests.kernels.agreement import rounded

TINY = Workload("lstm", vocab_size=5, hidden_size=3, num_layers=2, seq_len=7, batch_size=2)
CPU = open_backend("cpu")
HERE = Machine("cpu", "a processor", 2, 10.0, {})


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The machine is measured in no time."""
    monkeypatch.setattr(machine, "_SECONDS", 0.0)
    monkeypatch.setattr(machine, "_GEMM", {"cpu": 8})
    monkeypatch.setattr(machine, "_COPY_BYTES", {"cpu": 1 << 10})


class TestWorkload:
    def test_operations_by_hand(self):
        recurrent, between, output = 2 * (4 * 3) * 3, (4 * 3) * 3, 3 * 5
        assert TINY.flops == (7 * 2) * 2 * 3 * (recurrent + between + output)

    def test_the_first_input_product_is_a_gather(self):
        one_layer = Workload("tanh", vocab_size=100, hidden_size=3, num_layers=1, seq_len=1, batch_size=1)
        assert one_layer.flops == 6 * (3 * 3 + 3 * 100)

    def test_operations_of_a_large_network(self):
        assert round(Workload("lstm", 65, 512, 2, 64, 64).flops / 1e9) == 78

    @pytest.mark.parametrize(("cell", "values"), [("tanh", 2), ("lstm", 6), ("gru", 5)])
    def test_memory_by_hand(self, cell, values):
        work = Workload(cell, vocab_size=5, hidden_size=3, num_layers=2, seq_len=7, batch_size=2)
        tape = 14 * (2 * values * 3 + 5)
        ids = 2 * 2 * 14
        assert work.least_bytes == 4 * (4 * work.shape.size + tape) + ids

    def test_traffic_by_hand(self):
        size = TINY.shape.size
        assert TINY.traffic == 4 * (11 * size + 2 * 14 * (2 * 6 * 3 + 5))

    def test_the_text_is_the_same_for_all_sides(self):
        (inputs, targets), _ = first = TINY.chunks()
        assert (inputs.shape, targets.shape, inputs.dtype) == ((7, 2), (14,), np.uint8)
        np.testing.assert_array_equal(inputs[1:].reshape(-1), targets[:-2])
        for once, again in zip(first, TINY.chunks(), strict=True):
            np.testing.assert_array_equal(once[0], again[0])


class TestCheck:
    @pytest.mark.parametrize("kernel", ["reference", "numpy"])
    @pytest.mark.parametrize("cell", CELLS)
    def test_right_kernels_pass(self, cell, kernel):
        errors = check(Workload(cell, 11, 13, 2, 20, 3), CPU, build(CPU, kernel).kernels)
        assert 0 < errors.outputs < 1e-5

    @pytest.mark.parametrize(
        ("owner", "name", "part"),
        [
            (LSTMSweep, "activate", "outputs"),
            (LSTMSweep, "differentiate", "gradients"),
            (LSTMSweep, "weight_gradients", "gradients"),
            (NumpyKernels, "scatter_add", "gradients"),
            (NumpyKernels, "cross_entropy_gradient", "gradients"),
            (NumpyKernels, "adam", "update"),
        ],
    )
    def test_what_does_nothing_is_refused(self, monkeypatch, owner, name, part):
        kernels = NumpyKernels()
        monkeypatch.setattr(owner, name, lambda *arguments: None)
        with pytest.raises(BackendError, match=f"numpy kernels are wrong, and not timed: relative error of {part}"):
            check(TINY, CPU, kernels)

    def test_a_slightly_wrong_gradient_is_refused(self, monkeypatch):
        right = ReferenceKernels.column_sums

        def wrong(self, a, out):
            right(self, a, out)
            out *= 1.001

        kernels = NumpyKernels()
        monkeypatch.setattr(NumpyKernels, "column_sums", wrong)
        with pytest.raises(BackendError, match=r"gradients 1\.0e-03"):
            check(TINY, CPU, kernels)

    @pytest.mark.parametrize(("precision", "bits"), [("tf32", 13), ("bf16", 16)])
    @pytest.mark.parametrize("cell", CELLS)
    def test_rounded_products_pass_by_their_own_limits(self, monkeypatch, cell, precision, bits):
        kernels, lost = NumpyKernels(), [bits]
        kernels.precision = precision
        multiply = np.matmul

        def product(a, b, out):
            if out.dtype == np.float32:  # ours, and not the reference's
                a, b = rounded(a, lost[0]), rounded(b, lost[0])
            return multiply(a, b, out=out)

        monkeypatch.setattr(np, "matmul", product)
        workload = Workload(cell, 11, 64, 2, 20, 16)
        errors = check(workload, CPU, kernels)
        assert errors.outputs > LIMITS["float32"].outputs
        lost[0] += 4
        with pytest.raises(BackendError, match="are wrong, and not timed"):
            check(workload, CPU, kernels)

    def test_nothing_is_timed_then(self, monkeypatch):
        monkeypatch.setattr(LSTMSweep, "differentiate", lambda self, t: None)
        monkeypatch.setattr(match, "measure", None)
        with pytest.raises(BackendError, match="wrong"):
            bench(BenchRequest(TINY, "cpu", "numpy"))


class TestTiming:
    def test_laps_add_up_by_phase(self, monkeypatch):
        clock = iter([0.0, 1.0, 3.0, 7.0, 10.0, 20.0, 22.0])
        monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
        laps = Laps(HostClock())
        laps.start()
        for phase in ("forward", "rest", "backward", "rest"):
            laps(phase)
        laps.start()
        laps("rest")
        assert laps.seconds() == {"forward": [1.0], "rest": [5.0, 2.0], "backward": [4.0], "step": [10.0, 2.0]}

    def test_a_gpu_is_timed_by_events_in_its_queue(self):
        queue = []

        class Event:
            def record(self):
                queue.append(self)

            def synchronize(self):
                assert len(queue) == 3, "it waits before all is asked for"

        cuda = SimpleNamespace(Event=Event, get_elapsed_time=lambda a, b: 500.0 * (queue.index(b) - queue.index(a)))
        laps = Laps(timing.clock_of(Backend(SimpleNamespace(cuda=cuda), np.float32, "gpu:0", "a GPU")))
        laps.start()
        laps("forward")
        laps("backward")
        assert laps.seconds() == {"forward": [0.5], "backward": [0.5], "step": [1.0]}

    def test_rate(self, monkeypatch):
        now = [0.0]
        monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

        def draw(count):
            now[0] += count / 500

        assert rate(draw) == pytest.approx(500)


class TestMachine:
    def test_ceiling_and_description(self):
        assert machine.describe(CPU).cores >= 1
        measured = machine.ceiling(CPU, ReferenceKernels(np))
        assert measured.best >= measured.median > 0

    def test_products_that_round_have_a_ceiling_of_their_own(self, monkeypatch):
        kernels, products = ReferenceKernels(np), []
        monkeypatch.setattr(kernels, "matmul", lambda *matrices: products.append(matrices))
        machine.ceiling(CPU, kernels)
        assert not products
        kernels.precision = "bf16"
        machine.ceiling(CPU, kernels)
        assert products

    def test_busy(self):
        assert machine.busy(HERE, [Ceiling(100, 95, 0.0), Ceiling(98, 90, None)]) == []
        others, uneven = machine.busy(HERE, [Ceiling(100, 95, 1.5), Ceiling(60, 50, 0.0)])
        assert others == "other processes used up to 1.5 of 2 cores"
        assert uneven == "the same matrix product ran at 50 to 100 GFLOP/s"


def answer(name, *steps, sampling=None):
    """What a worker says; a fifth of a step is not spent in the products."""
    seconds = {"step": list(steps)} | {
        phase: [share * each for each in steps] for phase, share in (("forward", 0.3), ("backward", 0.5), ("rest", 0.2))
    }
    return {
        "name": name,
        "precision": "float32",
        "seconds": seconds,
        "loss": 1.0,
        "memory": {"before": 1000, "peak": 4000},
        "sampling": sampling,
    }


class TestReport:
    ours, rival = Job("numpy", "cpu", TINY, sampling=True), Job("torch", "cpu", TINY, variant="its best")
    turns = (
        Turn(
            Ceiling(2e-3, 2e-3, None),
            answer("us", 1.0, 2.0, 9.0, sampling={"one_text": 10, "hundred_texts": 90}),
            answer("them", 4.0, sampling={"one_text": 5, "one_text_by_default": 1}),
        ),
        Turn(
            Ceiling(1e-3, 1e-3, None),
            answer("us", 4.0, sampling={"one_text": 20, "hundred_texts": 100}),
            answer("them", 4.0, sampling={"one_text": 5, "one_text_by_default": 2}),
        ),
    )

    def test_pairs(self):
        report = build_report(Errors(0, 0, 0), HERE, self.ours, self.rival, self.turns)
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

    def test_a_graph_has_no_phases_and_all_variants_are_told(self):
        graph = answer("them", 4.0)
        graph["seconds"] = {"graph": [4.0], "step": [4.0]}
        tried = {"milliseconds": {"TF32": 5.0, "its best": 4.0}, "failed": {"float16": "no"}}
        turn = Turn(Ceiling(1, 1, None), answer("us", 1.0), graph)
        report = build_report(Errors(0, 0, 0), HERE, Job("cuda", "gpu:0", TINY), self.rival, [turn], tried)
        assert (set(report.rival.milliseconds), report.rival.microseconds) == ({"step"}, {})
        assert report.variants == {"TF32": 5.0, "its best": 4.0, "float16": "no"}
        show_report(report, Console(width=80, file=StringIO()))

    def test_sampling(self):
        report = build_report(Errors(0, 0, 0), HERE, self.ours, self.rival, self.turns)
        assert report.ratio_sampling == {
            "hundred_to_one": Spread(7.0, 5.0, 9.0),
            "one_text": Spread(3.0, 2.0, 4.0),
            "one_text_by_default": Spread(10.0, 10.0, 10.0),
        }

    def test_alone_and_where_memory_is_unknown(self):
        alone = answer("us", 1.0) | {"memory": None}
        report = build_report(
            Errors(0, 0, 0), HERE, Job("numpy", "cpu", TINY), None, [Turn(Ceiling(1, 1, 0), alone, None)]
        )
        assert (report.rival, report.pairs, report.ratio, report.ratio_sampling) == (None, [], None, {})
        assert report.ours.memory is None


def test_two_kernels_take_turns():
    notes = []
    report = bench(BenchRequest(TINY, "cpu", "numpy", rival="reference", pairs=2, steps=3), notes.append)
    assert (report.ours.name, report.rival.name, len(report.pairs)) == ("charrnn numpy", "charrnn reference", 2)
    assert report.ratio.low <= report.ratio.median <= report.ratio.high
    assert report.ours.memory is None or 0 <= report.ours.memory.training < report.ours.memory.peak
    assert notes == ["checking against the reference", "measuring the machine", "pair 1 of 2", "pair 2 of 2"]


def test_sampling_is_measured():
    drawn = measure(Job("numpy", "cpu", TINY, steps=1, sampling=True))["sampling"]
    assert drawn["one_text"] > 0
    assert drawn["hundred_texts"] > 0


@pytest.mark.parametrize(("precision", "tolerated"), [("float32", 1e-3), ("bf16", 1e-2)])
def test_sides_that_learn_different_things_are_not_compared(monkeypatch, precision, tolerated):
    too_far = 1 + 1.1 * tolerated
    losses = iter([1.0, 1 + 0.9 * tolerated, 1.0, too_far])
    monkeypatch.setattr(match, "measure", lambda job: answer(job.side, 1.0) | {"loss": next(losses)})
    monkeypatch.setattr(NumpyKernels, "precision", precision)
    with pytest.raises(BackendError, match=rf"do not learn the same: their losses are 1\.0000 and {too_far:.4f}"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival="reference", pairs=2))
    assert next(losses, None) is None


def test_the_worker_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert measure(Job("numpy", "cpu", TINY, steps=1))["name"] == "charrnn numpy"


@pytest.mark.parametrize("side", ["nonsense", "torch"])
def test_a_failing_worker_is_one_line(side):
    with pytest.raises(BackendError) as caught:
        measure(Job(side, "cpu", TINY, variant="no such, variant"))
    assert str(caught.value).startswith(f"measuring {side} failed: ")
    assert "\n" not in str(caught.value)


def test_rivals_that_cannot_be(monkeypatch):
    with pytest.raises(ConfigError, match="kernel 'nonsense'"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival="nonsense"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"torch is not installed; pip install torch"):
        bench(BenchRequest(TINY, "cpu", "numpy", rival="torch"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "found")
    with pytest.raises(Unsupported, match="torch has no GRU that resets before the product"):
        bench(BenchRequest(Workload("gru-before", 5, 3, 1, 2, 2), "cpu", "numpy", rival="torch"))


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch, a peer to compare with, is not installed")
@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh", "relu"])
def test_torch_learns_the_same(cell):
    job = Job("torch", "cpu", Workload(cell, 5, 3, 2, 7, 2), steps=2)
    settled = settle(job)
    variant = settled["variant"]
    assert settled["milliseconds"][variant] == min(settled["milliseconds"].values())
    theirs = measure(Job("torch", "cpu", job.workload, steps=2, sampling=True, variant=variant))
    ours = measure(Job("numpy", "cpu", job.workload, steps=2))
    assert theirs["loss"] == pytest.approx(ours["loss"], abs=1e-5)
    assert theirs["sampling"]["one_text"] >= theirs["sampling"]["one_text_by_default"] > 0


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch, a peer to compare with, is not installed")
@pytest.mark.parametrize("cell", ["lstm", "tanh"])
def test_a_graph_of_torch_begins_as_a_step_without_one(monkeypatch, cell):
    from charrnn.bench import torch_side

    plain = torch_side._ON_CPU["no oneDNN, fused Adam"]
    monkeypatch.setattr(torch_side, "_ON_CPU", {"plain": plain, "graph": plain._replace(graph=True)})
    monkeypatch.setattr(torch_side, "side_stream", contextlib.nullcontext)
    monkeypatch.setattr(torch_side, "recorded", lambda step: step)  # to record is not to do
    losses = {}
    for variant in ("plain", "graph"):
        side, laps = torch_side.TorchSide(Workload(cell, 5, 3, 2, 7, 2), "cpu", variant), Laps(HostClock())
        laps.start()
        losses[variant] = [float(side.step(laps)) for _ in range(5)]
    # The state begins as zeros with either; the first step of the graph is the first.
    np.testing.assert_allclose(losses["graph"], losses["plain"], atol=1e-6)
    assert "graph" in laps.seconds()
