"""The CUDA kernels without a GPU: compiled for every architecture, and run on the processor behind a shim."""

import re
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from charrnn import kernels as kinds
from charrnn.backend import Backend, open_backend
from charrnn.cells import CELLS
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels.cuda import CudaKernels
from charrnn.kernels.cuda.program import compiler, source
from charrnn.kernels.cuda.recurrence import STRUCTURES
from charrnn.network import Network, Shape, initial_parameters
from tests.kernels import shim
from tests.kernels.agreement import CPU64, REFERENCE, operation_errors, recurrence_errors, run
from tests.kernels.nvrtc import needs_nvrtc, spill_stores
from tests.kernels.sanitizer import RACE, run_sanitized
from tests.layers import Layer

BACKEND = open_backend("cpu")
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
SOURCES = [(name, {}) for name in ("softmax.cu", "rows.cu", "update.cu", "gated.cu", "largest.cu")] + [
    ("sweep.cu", {"CELL": structure}) for cell, structure in STRUCTURES.items() if not CELLS[cell].gated
]
SHAPES = [(1, 1, 1), (1, 4, 7), (5, 1, 31), (4, 3, 100), (2, 9, 33)]


needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shim")


@pytest.fixture(scope="module")
def kernels(folder):
    return CudaKernels(np, shim.compiler(folder))


@needs_nvrtc
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_kernel_compiles_and_keeps_its_values_in_registers(architecture):
    for name, definitions in SOURCES:
        kernels = re.findall(r"^KERNEL\((\w+),", source(name), re.MULTILINE)
        assert spill_stores(source(name, **definitions), architecture) == [0] * len(kernels), name


@needs_compiler
class TestOnTheProcessor:
    """The same sources behind shim.h."""

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("cell", CELLS)
    def test_recurrences(self, kernels, cell, shape):
        for name, error in recurrence_errors(BACKEND, kernels, cell, shape).items():
            assert error < (1e-5 if name.startswith(("h", "state")) else 1e-4), name

    def test_operations(self, kernels):
        for name, error in operation_errors(BACKEND, kernels):
            assert error < 1e-5, name

    @pytest.mark.parametrize("cell", CELLS)
    def test_inference_equals_training(self, kernels, cell):
        layer = Layer(cell, 4, 3, 21)
        trained = run(BACKEND, kernels, layer, cell)
        for name, value in run(BACKEND, kernels, layer, cell, training=False).items():
            np.testing.assert_array_equal(value, trained[name], err_msg=name)

    @pytest.mark.parametrize("cell", CELLS)
    def test_nan_stays_nan(self, kernels, cell):
        layer = Layer(cell, 2, 2, 9)
        layer.z[0, 0, 0] = np.nan
        expected = run(CPU64, REFERENCE, layer, cell)
        for name, value in run(BACKEND, kernels, layer, cell).items():
            np.testing.assert_array_equal(np.isnan(value), np.isnan(expected[name]), err_msg=name)

    def test_extreme_logits(self, kernels):
        logits = np.array([[1e4, 0, -1e4], [-1e38, 1e38, 0], [-np.inf, 1, 1], [0, np.nan, 0]], np.float32)
        targets = np.array([0, 1, 2, 0])
        nats = kernels.cross_entropy(logits.copy(), targets)
        np.testing.assert_allclose(nats, [0, 0, np.log(2), np.nan], atol=1e-6)
        assert np.isnan(kernels.cross_entropy_gradient(logits, targets))
        np.testing.assert_allclose(logits[2] * 4, [0, 0.5, -0.5], atol=1e-6)
        assert np.isnan(logits[3]).all()

    @pytest.mark.parametrize("cell", ["lstm", "gru-before"])
    def test_a_network_twice_is_the_same_to_the_last_bit_and_right(self, kernels, cell):
        shape = Shape(cell, 11, 13, 2, 5)
        runs = []
        for backend, which in ((BACKEND, kernels), (BACKEND, kernels), (CPU64, REFERENCE)):
            params = initial_parameters(shape, backend, np.random.default_rng(0))
            network = Network(shape, params, backend, which, seq_len=4, batch_size=3, training=True)
            ids = np.random.default_rng(1).integers(0, 11, (5, 3)).astype(np.uint8)
            logits, _ = network.forward(ids[:-1], network.initial_state())
            loss = float(which.cross_entropy_gradient(logits, ids[1:].reshape(-1)))
            runs.append((loss, network.backward(logits).buffer.copy()))
        (loss, gradient), again, (expected_loss, expected) = runs
        assert loss == again[0]
        np.testing.assert_array_equal(gradient, again[1])
        assert loss == pytest.approx(expected_loss, rel=1e-6)
        np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())

    @pytest.mark.parametrize(("right", "wrong"), [
        ("product[gate + block * hidden]", "product[gate + block]"),
        ("memory[taped + tape] =", "memory[taped] ="),
        ("product[index] + carried[index]", "product[index]"),
        ("if (index >= count) return;", "if (index >= count - 1) return;"),
    ])  # fmt: skip
    def test_a_wrong_index_is_seen(self, folder, right, wrong):
        def spoil(text):
            return text.replace(right, wrong)

        cell = "gru" if "carried" in right else "lstm"
        spoiled = CudaKernels(np, shim.compiler(folder, change=spoil))
        with np.errstate(all="ignore"):
            errors = recurrence_errors(BACKEND, spoiled, cell, (3, 2, 5))
        assert not max(errors.values()) < 1e-2

    @pytest.mark.parametrize(("arguments", "code"), [((), 0), (("spoiled",), RACE)])
    def test_no_thread_races_with_another_and_without_a_barrier_some_do(self, arguments, code):
        done = run_sanitized("tests.kernels.shim.races", *arguments)
        assert done.returncode == code, done.stderr[-3000:]
        assert ("data race" in done.stderr) == bool(code)


class OutOfMemoryError(MemoryError):
    """As CuPy's."""


def fake_cupy(capability="90", compile_error=None):
    """As much of CuPy as is asked before anything is computed."""

    class RawModule:
        def __init__(self, code, enable_cooperative_groups):
            pass

        def compile(self):
            if compile_error:
                raise compile_error

    attributes = {"MultiProcessorCount": 132, "MaxSharedMemoryPerBlockOptin": 232448}
    device = SimpleNamespace(compute_capability=capability, attributes=attributes, use=lambda: None)
    cuda = SimpleNamespace(Device=lambda *_: device,
                           compiler=SimpleNamespace(CompileException=SyntaxError))  # fmt: skip
    return SimpleNamespace(cuda=cuda, RawModule=RawModule)


class TestRefusals:
    """What a machine can lack, in one line."""

    def test_an_old_gpu(self):
        with pytest.raises(Unsupported, match=r"need compute capability 7.5 \(Turing\), and this GPU has 6.1; use"):
            compiler(fake_cupy("61"))

    @pytest.mark.parametrize("error", [RuntimeError("no NVRTC\nat all"), SyntaxError("no NVRTC")])
    def test_nothing_to_compile_with(self, error):
        with pytest.raises(Unsupported, match=r"^NVRTC cannot compile the CUDA kernels: no NVRTC$"):
            compiler(fake_cupy(compile_error=error))("")

    def test_the_reference_takes_over_and_the_reason_is_known(self, monkeypatch):
        monkeypatch.delenv("CHARRNN_KERNEL", raising=False)
        choice = kinds.build(Backend(fake_cupy("70"), np.float32, "gpu:0", "old"))
        assert choice.kernels.name == "reference"
        (refusal,) = choice.refusals
        assert refusal.startswith("cuda: the CUDA kernels need compute capability 7.5")
        with pytest.raises(Unsupported, match="float32 only, not float64"):
            kinds.build(Backend(fake_cupy(), np.float64, "gpu:0", "new"), "cuda")

    def test_kinds_of_the_other_device(self):
        with pytest.raises(Unsupported, match=r"cuda kernels do not run on cpu; use --kernel cpu or numpy or ref"):
            kinds.build(BACKEND, "cuda")
        with pytest.raises(Unsupported, match=r"numpy kernels do not run on gpu:0; use --kernel cuda or reference"):
            kinds.build(Backend(fake_cupy(), np.float32, "gpu:0", "new"), "numpy")

    def test_too_little_memory_is_one_line(self, monkeypatch):
        def malloc(size):
            raise OutOfMemoryError

        cupy, taken = fake_cupy(), {}
        cupy.cuda.memory = SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
        cupy.cuda.set_allocator = lambda allocate: taken.update(allocate=allocate)
        cupy.cuda.runtime = SimpleNamespace(CUDARuntimeError=RuntimeError, getDeviceCount=lambda: 1,
                                            getDeviceProperties=lambda _: {"name": b"GPU"},
                                            memGetInfo=lambda: (3 << 20, 8 << 30))  # fmt: skip
        cupy.get_default_memory_pool = lambda: SimpleNamespace(malloc=malloc)
        monkeypatch.setitem(sys.modules, "cupy", cupy)
        monkeypatch.setitem(sys.modules, "cupy.cublas", cupy)
        assert open_backend("gpu").description == "GPU"
        with pytest.raises(BackendError, match=r"5.0 MiB asked for, 3.0 of 8,192.0 MiB free; lower --batch-size"):
            taken["allocate"](5 << 20)
