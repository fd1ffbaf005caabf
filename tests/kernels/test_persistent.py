"""The persistent time loops without a GPU: compiled for every architecture, and run on a processor behind a shim."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.device.backend import open_backend
from charrnn.kernels.cuda.kernels import CudaKernels
from charrnn.kernels.cuda.persistent import PersistentRecurrence, persistent_source
from charrnn.kernels.cuda.plan import choose
from charrnn.kernels.cuda.stepwise import OneProductStepwise, TwoProductsStepwise
from tests.kernels.agreement import CPU64, REFERENCE, largest, recurrence_errors, run
from tests.kernels.nvrtc import needs_nvrtc, spill_stores
from tests.kernels.planned import CASES, PlannedKernels
from tests.kernels.registers import GPUS
from tests.kernels.sanitizer import RACE, needs_compiler, run_sanitized
from tests.kernels.shim.persistent_races import WAIT
from tests.support.layers import Layer

BACKEND = open_backend("cpu")
H100 = next(gpu for gpu in GPUS if gpu.architecture == 90)
# Operands have 11 significant bits like those of TF32: each is off by at most 5e-4, sums by less, many steps by more.
LIMIT = 1e-3
COMPILED = [("lstm", 128), ("gru", 256), ("tanh", 1024), ("lstm", 512), ("gru", 1024), ("tanh", 256), ("lstm", 1024)]
COMPILED += [("cifg", 256), ("ugrnn", 256)]
EVERY = 4  # each GPU compiles every fourth of them from a different start; tests.kernels.registers compiles all


@pytest.fixture(scope="module")
def kernels(folder):
    return PlannedKernels(folder)


def layer_of(case):
    return Layer(case.cell, *case.shape)


@needs_nvrtc
@pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: f"sm_{gpu.architecture}")
@pytest.mark.parametrize("backward", [False, True])
def test_it_fits_and_compiles_without_a_spill(gpu, backward):
    for cell, hidden_size in COMPILED[GPUS.index(gpu) % EVERY :: EVERY]:
        plan = choose(gpu, CELLS[cell], hidden_size=hidden_size, batch_size=32, backward=backward)
        assert plan.shared_bytes <= gpu.shared_memory
        assert spill_stores(persistent_source(CELLS[cell], plan), gpu.architecture) == [0], plan


@needs_compiler
class TestOnTheProcessor:
    """The same sources, compiled after shim.h, with one thread of the processor per thread of the GPU."""

    @pytest.mark.parametrize("name", CASES)
    def test_it_agrees_with_the_reference(self, kernels, name):
        kernels.case = case = CASES[name]
        for value, error in recurrence_errors(BACKEND, kernels, case.cell, case.shape).items():
            assert error < LIMIT, value

    def test_one_time_step_and_one_row(self, kernels):
        kernels.case = case = CASES["lstm in clusters of 2"]
        for value, error in recurrence_errors(BACKEND, kernels, case.cell, (1, 1, case.shape[2])).items():
            assert error < LIMIT, value

    @pytest.mark.parametrize("size", [1e-12, 1e-6, 1e6])
    def test_small_and_large_gradients_are_equally_exact(self, kernels, size):
        kernels.case = case = CASES["gru alone, a tile not full"]
        layer = layer_of(case)
        layer.dh *= size
        layer.dstate = tuple(dstate * size for dstate in layer.dstate)
        expected = run(CPU64, REFERENCE, layer, case.cell)
        for name, value in run(BACKEND, kernels, layer, case.cell).items():
            assert np.abs(value - expected[name]).max() < LIMIT * np.abs(expected[name]).max(), name

    def test_gradients_beyond_float16_stay_finite(self, kernels):
        kernels.case = case = CASES["tanh on a grid, idle parts"]
        layer = layer_of(case)
        layer.z *= 0  # at 0 tanh passes gradients through, and the weights multiply them
        layer.state = tuple(state * 0 for state in layer.state)
        layer.params["bias_hh"] *= 0
        layer.params["weight_hh"] *= 1000
        gradients = run(BACKEND, kernels, layer, case.cell)
        assert np.abs(gradients["dz"]).max() > 1e5
        assert all(np.isfinite(gradient).all() for gradient in gradients.values())

    def test_inference_equals_training_and_training_itself(self, kernels):
        kernels.case = case = CASES["lstm on a grid, in two launches"]
        trained, again, untrained = (
            run(BACKEND, kernels, layer_of(case), case.cell, training=training) for training in (True, True, False)
        )
        for name, value in trained.items():
            np.testing.assert_array_equal(value, again[name], err_msg=name)
        for name, value in untrained.items():
            np.testing.assert_array_equal(value, trained[name], err_msg=name)

    def test_nan_stays_nan(self, kernels):
        kernels.case = case = CASES["lstm in clusters of 2"]
        layer = layer_of(case)
        layer.z[1, 0, 0] = layer.dh[2, 1, 0] = np.nan
        expected = run(CPU64, REFERENCE, layer, case.cell)
        for name, value in run(BACKEND, kernels, layer, case.cell).items():
            np.testing.assert_array_equal(np.isnan(value), np.isnan(expected[name]), err_msg=name)

    @pytest.mark.parametrize(
        ("right", "wrong", "name"),
        [
            ("(first_group + blockIdx.y)", "blockIdx.y", "lstm on a grid, in two launches"),
            ("member * UNITS + column % UNITS", "column % UNITS", "lstm in clusters of 2"),
        ],
    )
    def test_a_wrong_index_is_seen(self, folder, right, wrong, name):
        kernels = PlannedKernels(folder, change=lambda source: source.replace(right, wrong))
        kernels.case = case = CASES[name]
        with np.errstate(all="ignore"):
            errors = recurrence_errors(BACKEND, kernels, case.cell, case.shape)
        assert not largest(errors.values()) < 10 * LIMIT

    @pytest.mark.parametrize(("arguments", "code"), [((), 0), ((WAIT,), RACE)])
    def test_no_thread_races_with_another_and_without_a_barrier_some_do(self, arguments, code):
        done = run_sanitized("tests.kernels.shim.persistent_races", *arguments)
        assert done.returncode == code, done.stderr[-3000:]
        assert ("data race" in done.stderr) == bool(code)


class Compiler:
    """Compiles kernels that do nothing, for a GPU that cannot start time loops with an exchange in `broken`."""

    def __init__(self, *broken):
        self.broken, self.exchange = broken, None

    def __call__(self, source, cooperative=False):
        exchange = re.search("#define EXCHANGE (.*)", source)
        self.exchange = exchange[1] if exchange else self.exchange
        assert cooperative == bool(exchange and exchange[1] == "GRID")
        return SimpleNamespace(get_function=self.kernel_of(exchange[1] if exchange else ""))

    def kernel_of(self, exchange):
        def kernel(*_, **__):
            if exchange in self.broken:
                raise RuntimeError("CUDA_ERROR_INVALID_CLUSTER_SIZE")

        return lambda name: kernel


def recurrence(limits, cell="lstm", hidden_size=16, seq_len=2, compiler=None):
    """Ask for a recurrence as the network does."""
    kernels = CudaKernels(np, compiler or Compiler(), limits=limits)
    return kernels.recurrence(
        cell, hidden_size=hidden_size, seq_len=seq_len, batch_size=64, dtype=np.float32, training=True
    )


class TestChoice:
    """Which layers the persistent kernels take, and why they refuse others."""

    def test_a_layer_that_fits(self):
        assert isinstance(recurrence(H100), PersistentRecurrence)

    @pytest.mark.parametrize(
        ("limits", "layer", "reason"),
        [
            (H100, {"hidden_size": 100}, "hidden_size 100 is not a multiple of 8"),
            (H100, {"cell": "relu"}, "the output of relu has no bound"),
            (H100, {"cell": "gru-before"}, "has two products"),
            (H100, {"seq_len": 1}, "only one time step"),
            (H100, {"hidden_size": 8192}, "hidden_size 8192 do not fit in the registers"),
            (H100, {"hidden_size": 1024, "batch_size": 4096}, "at batch_size 4096 a product"),
            (H100._replace(architecture=75), {}, "need compute capability 8.0, and this GPU has 7.5"),
            (None, {}, "not IEEE float32"),
        ],
    )
    def test_the_reason_is_given(self, limits, layer, reason):
        kernels = CudaKernels(np, Compiler(), limits=limits)
        layer = {"cell": "lstm", "hidden_size": 128, "seq_len": 32, "batch_size": 64} | layer
        (refusal,) = kernels.refusals(layer.pop("cell"), **layer)
        assert refusal.startswith("persistent kernels: ")
        assert reason in refusal

    def test_a_layer_that_fits_is_refused_by_nothing(self):
        kernels = CudaKernels(np, Compiler(), limits=H100)
        assert kernels.refusals("lstm", hidden_size=512, seq_len=32, batch_size=64) == ()

    def test_layers_that_they_refuse_run_a_time_step_at_a_time(self):
        assert isinstance(recurrence(H100, hidden_size=9), OneProductStepwise)
        assert isinstance(recurrence(H100, cell="gru-before"), TwoProductsStepwise)
        assert isinstance(recurrence(None), OneProductStepwise)

    @pytest.mark.parametrize(
        ("broken", "kind", "exchange"),
        [
            ((), PersistentRecurrence, "CLUSTER"),
            (("CLUSTER",), PersistentRecurrence, "GRID"),
            (("CLUSTER", "GRID"), OneProductStepwise, "GRID"),
        ],
    )
    def test_exchanges_that_the_gpu_does_not_start_are_avoided(self, broken, kind, exchange):
        compiler = Compiler(*broken)
        assert isinstance(recurrence(H100, hidden_size=512, compiler=compiler), kind)
        assert compiler.exchange == exchange
