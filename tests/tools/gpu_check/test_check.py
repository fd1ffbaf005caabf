"""The check of a GPU finds wrong kernels; tested on a processor."""

import json
import sys

import numpy as np
import pytest

from charrnn.device.backend import open_backend
from charrnn.errors import Unsupported
from charrnn.kernels.numpy.kernels import NumpyKernels
from tests.tools.gpu_check import check, persistent
from tests.tools.gpu_check.findings import Wrong

BACKEND = open_backend("cpu")


class Forgetful(NumpyKernels):
    """Kernels whose recurrences do not write the gradient of the recurrent weights."""

    def recurrence(self, *arguments, **sizes):
        recurrence = super().recurrence(*arguments, **sizes)
        recurrence.weight_gradients = lambda grads: None
        return recurrence


class Broken(NumpyKernels):
    def recurrence(self, *arguments, **sizes):
        raise RuntimeError("CUDA_ERROR_ILLEGAL_ADDRESS")


class Refusing(persistent.PersistentOnly):
    def __init__(self):
        pass

    def plan(self, *arguments):
        raise Unsupported("too old")


@pytest.fixture
def kinds(monkeypatch):
    """A function that replaces the kernels that the check runs."""
    return lambda kernels: monkeypatch.setattr(persistent, "_kinds", lambda *_: [("STEPPED", kernels)])


@pytest.mark.parametrize("kernels", [Forgetful(), Broken()], ids=lambda kernels: type(kernels).__name__)
def test_what_does_not_run_or_writes_nothing_is_wrong(kinds, kernels):
    kinds(kernels)
    with pytest.raises(Wrong, match=r"ILLEGAL_ADDRESS|nan") as wrong:
        persistent.persistent_agreement(BACKEND)
    assert len(wrong.value.found) == 3


def test_a_missing_plan_is_reported_and_right_results_are_good(kinds):
    kinds(Refusing())
    assert set(persistent.persistent_agreement(BACKEND).values()) == {"too old"}
    kinds(NumpyKernels())
    assert all(error < 1e-5 for error in persistent.persistent_agreement(BACKEND).values())


def test_bits_that_change_are_counted(kinds):
    class Unsteady(NumpyKernels):
        def recurrence(self, *arguments, **sizes):
            recurrence = super().recurrence(*arguments, **sizes)
            forward, noise = recurrence.forward, np.random.default_rng(0)
            recurrence.forward = lambda params, z, state: forward(params, z + noise.random(), state)
            return recurrence

    kinds(Unsteady())
    with pytest.raises(Wrong, match=r"'STEPPED lstm': 3"):
        persistent.persistent_repetitions(BACKEND)


def test_a_part_that_fails_keeps_what_it_found():
    def part(backend, kernels, end):
        raise Wrong("two of three", [1, 2, 3])

    assert check.attempt(part, "cpu", 0)["found"] == [1, 2, 3]
    assert check.attempt(lambda *_: json.loads("{"), "cpu", 0)["failed"].startswith("JSONDecodeError: ")


def test_parts_continue_in_another_process_after_one_that_does_not_end(monkeypatch):
    processes = []

    class Process:
        def __init__(self, device, parts, end):
            processes.append(list(parts))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def answer(self, seconds):
            failed = {"failed": "slow"} if len(processes) == 1 and processes[0][0] == "hanging" else {}
            return failed | {"seconds": 1}

    monkeypatch.setattr(check, "Process", Process)
    found = dict(check.run("cpu", ["hanging", "good"]))
    assert processes == [["hanging", "good"], ["good"]] and list(found) == ["hanging", "good"]


def test_a_process_that_does_not_answer_is_ended():
    with check.Process("cpu", ["machine"], 1e12) as process:
        assert process.answer(0.01)["failed"] == "its process ended without an answer"
    with check.Process("cpu", ["machine"], 1e12) as process:
        assert process.answer(60)["found"]["kernels"]


def test_without_a_gpu_there_is_nothing_to_check(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["check", "--device", "gpu:99", "--output", str(tmp_path / "out.json")])
    assert check.main() == 1
    report = json.loads((tmp_path / "out.json").read_text())
    assert list(report) == ["machine"] and "gpu" in report["machine"]["failed"].lower()
