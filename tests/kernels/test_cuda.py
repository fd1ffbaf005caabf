"""The CUDA kernels without a GPU: compiled for every architecture, and run on the processor behind a shim."""

import ctypes
import re
import sys
from itertools import islice
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from charrnn.cells.protocol import Cell
from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import BackendError, Unsupported
from charrnn.kernels import choice as kinds
from charrnn.kernels.cells import compiled_cells
from charrnn.kernels.cuda import kernels as cuda
from charrnn.kernels.cuda.kernels import CudaKernels
from charrnn.kernels.cuda.products import Products, multiplier
from charrnn.kernels.cuda.program import compiler, source
from charrnn.network.network import Network
from charrnn.network.shape import Shape, initial_parameters
from charrnn.sampling.sampler import Filter, sample
from tests.kernels import shim
from tests.kernels.agreement import (
    CPU64,
    REFERENCE,
    check_extreme_logits,
    largest,
    operation_errors,
    recurrence_errors,
    run,
)
from tests.kernels.nvrtc import needs_nvrtc, spill_stores
from tests.kernels.sanitizer import RACE, needs_compiler, run_sanitized
from tests.support.layers import Layer

BACKEND = open_backend("cpu")
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
STEPS = {True: "two_products.cu", False: "step.cu"}
SOURCES: list[tuple[str, Cell | None]] = [(name, None) for name in (*cuda.SOURCES, "largest.cu")] + [
    (STEPS[cell.two_products], cell) for cell in compiled_cells()
]
SHAPES = [(1, 1, 1), (1, 4, 7), (5, 1, 31), (4, 3, 100), (2, 9, 33)]


@pytest.fixture(scope="module")
def kernels(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "PARTIAL_SUMS", 8)  # running 256 blocks one after another would take most of the time
        yield CudaKernels(np, shim.compiler(folder))


@needs_nvrtc
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_kernel_compiles_and_keeps_its_values_in_registers(architecture):
    for name, cell in SOURCES:
        kernels = re.findall(r"^KERNEL\((\w+),", source(name), re.MULTILINE)
        assert spill_stores(source(name, cell=cell), architecture) == [0] * len(kernels), name


@needs_compiler
class TestOnTheProcessor:
    """The same sources, compiled after shim.h."""

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

    @pytest.mark.parametrize(
        "choose",
        [
            Filter(1.0),
            Filter(0.3),
            Filter(0),
            Filter(0.8, top_k=1),
            Filter(0.8, top_k=3),
            Filter(0.8, top_k=500),
            Filter(1.0, top_p=0.7),
            Filter(2.0, top_k=5, top_p=0.5),
            Filter(1.0, top_p=1e-50),
            Filter(1e-50),
        ],
        ids=str,
    )
    def test_characters_are_chosen_as_on_the_host(self, kernels, choose):
        rng = np.random.default_rng(0)
        for texts, vocab_size in ((1, 1), (3, 5), (4, 200)):
            logits = rng.normal(size=(texts, vocab_size)).astype(np.float32) * 2
            logits[:, -1] = logits[:, 0]  # equals
            draws, ids = rng.random(texts), np.full(texts, -1, np.int32)
            kernels.choose(logits, draws, ids, temperature=choose.temperature, top_k=choose.top_k, top_p=choose.top_p)
            np.testing.assert_array_equal(ids, choose.choose(logits, draws))

    def test_an_id_comes_out_of_any_logits(self, kernels):
        logits, ids = np.array([[np.nan, 1, np.inf], [0, np.nan, 1]], np.float32), np.zeros(2, np.int32)
        for temperature, top_k in ((1, 0), (1, 2), (0, 0)):
            ids[:] = -1
            kernels.choose(logits, np.full(2, 0.999), ids, temperature=temperature, top_k=top_k, top_p=1)
            assert set(ids) <= {0, 1, 2}

    def test_texts_are_sampled_as_on_the_host_and_read_a_block_at_a_time(self, kernels, monkeypatch):
        shape, reads = Shape("gru", 9, 5, 1), []
        to_host = Backend.to_host
        monkeypatch.setattr("charrnn.sampling.sampler.BLOCK", 3)
        monkeypatch.setattr(Backend, "to_host", lambda self, array: reads.append(array.shape) or to_host(self, array))
        drawn = []
        for which in (kernels, REFERENCE):
            params = initial_parameters(shape, BACKEND, np.random.default_rng(0))
            network = Network(shape, params, BACKEND, which, seq_len=2, batch_size=2)
            drawn.append(np.array(list(islice(sample(network, np.array([1, 2, 3]), Filter(), 5), 7))))
            if which is kernels:
                assert reads == [(3, 2)] * 3
        np.testing.assert_array_equal(*drawn)

    @pytest.mark.parametrize("cell", CELLS)
    def test_nan_stays_nan(self, kernels, cell):
        layer = Layer(cell, 2, 2, 9)
        layer.z[0, 0, 0] = np.nan
        expected = run(CPU64, REFERENCE, layer, cell)
        for name, value in run(BACKEND, kernels, layer, cell).items():
            np.testing.assert_array_equal(np.isnan(value), np.isnan(expected[name]), err_msg=name)

    def test_extreme_logits(self, kernels):
        check_extreme_logits(kernels)

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

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("product[gate + block * hidden]", "product[gate + block]"),
            ("c[taped + tape] =", "c[taped] ="),
            ("product[index] + carried[index]", "product[index]"),
            ("if (index >= count) return;", "if (index >= count - 1) return;"),
        ],
    )
    def test_a_wrong_index_is_seen(self, folder, right, wrong):
        def spoil(text):
            return text.replace(right, wrong)

        cell = "gru" if "carried" in right else "lstm"
        spoiled = CudaKernels(np, shim.compiler(folder, change=spoil))
        with np.errstate(all="ignore"):
            errors = recurrence_errors(BACKEND, spoiled, cell, (3, 2, 5))
        assert not largest(errors.values()) < 1e-2

    @pytest.mark.parametrize(("arguments", "code"), [((), 0), (("spoiled",), RACE)])
    def test_no_thread_races_with_another_and_without_a_barrier_some_do(self, arguments, code):
        done = run_sanitized("tests.kernels.shim.races", *arguments)
        assert done.returncode == code, done.stderr[-3000:]
        assert ("data race" in done.stderr) == bool(code)


class TestPrecision:
    """The precision asked for, and the one that a GPU has."""

    @pytest.mark.parametrize(
        ("capability", "wish", "given"),
        [
            ("75", "tf32", "float32"),
            ("75", "float32", "float32"),
            ("80", "tf32", "tf32"),
            ("90", "float32", "float32"),
            ("120", "bf16", "bf16"),
        ],
    )
    def test_the_precision_that_a_gpu_offers(self, monkeypatch, capability, wish, given):
        calls = []
        cublas = ModuleType("cublas")
        cublas.gemmEx = lambda *arguments: calls.append(arguments)
        for name in ("cupy_backends", "cupy_backends.cuda", "cupy_backends.cuda.libs"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        sys.modules["cupy_backends.cuda.libs"].cublas = cublas
        cupy = fake_cupy(capability)
        cupy.cuda.device = SimpleNamespace(get_cublas_handle=lambda: 7)
        precision, multiply = multiplier(cupy, wish)
        multiply(*(OnDevice(np.ones((2, 2), np.float32)) for _ in range(3)))
        assert (precision, calls[0][0], calls[0][-2]) == (given, 7, {"float32": 68, "tf32": 77, "bf16": 75}[given])

    def test_no_bfloat16_before_ampere(self):
        with pytest.raises(Unsupported, match=r"bf16 needs compute capability 8.0 \(Ampere\), and this GPU has 7.5"):
            multiplier(fake_cupy("75"), "bf16")

    @pytest.mark.parametrize("shape", [(1, 1, 1), (3, 4, 5), (1, 6, 2), (5, 1, 3), (2, 7, 1)])
    @pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)])
    def test_products_of_every_layout(self, shape, transposed):
        rows, depth, columns = shape
        rng = np.random.default_rng(0)

        def matrix(rows, columns, turned):  # a part of a larger matrix
            whole = rng.normal(size=(columns + 1, rows + 2) if turned else (rows + 1, columns + 2)).astype(np.float32)
            return whole[:columns, :rows].T if turned else whole[:rows, :columns]

        a, b = matrix(rows, depth, transposed[0]), matrix(depth, columns, transposed[1])
        out = np.full((rows + 1, columns + 3), np.nan, np.float32)
        Products(gemm, 0, 68)(OnDevice(a), OnDevice(b), OnDevice(out[:rows, :columns]))
        np.testing.assert_allclose(out[:rows, :columns], a @ b, rtol=1e-5, atol=1e-6)
        assert np.isnan(out[rows:]).all() and np.isnan(out[:, columns:]).all()


class OnDevice:
    """An array that provides its address as CuPy's arrays do."""

    def __init__(self, array):
        self.shape, self.strides, self.itemsize = array.shape, array.strides, array.itemsize
        self.data = SimpleNamespace(ptr=array.ctypes.data)


def gemm(_, left, right, m, n, k, alpha, a, a_type, a_step, b, b_type, b_step, beta, c, c_type, c_step, *kind):
    """cublasGemmEx by its manual, on the host; column-major: c (m, n) = alpha op(a) op(b) + beta c."""
    assert (a_type, b_type, c_type) == (0, 0, 0)
    assert a_step >= (k if left else m) and b_step >= (n if right else k) and c_step >= m

    def at(address, index):
        return ctypes.c_float.from_address(address + 4 * index)

    for row in range(m):
        for column in range(n):
            total = sum(
                at(a, (i + row * a_step) if left else (row + i * a_step)).value
                * at(b, (column + i * b_step) if right else (i + column * b_step)).value
                for i in range(k)
            )
            cell = at(c, row + column * c_step)
            before = at(beta, 0).value * cell.value if at(beta, 0).value else 0.0  # it may hold NaN
            cell.value = at(alpha, 0).value * total + before


class OutOfMemoryError(MemoryError):
    """Stands in for CuPy's error of this name."""


def fake_cupy(capability="90", compile_error=None):
    """The parts of CuPy that are used before anything is computed."""

    class RawModule:
        def __init__(self, code, enable_cooperative_groups):
            pass

        def compile(self):
            if compile_error:
                raise compile_error

    attributes = {"MultiProcessorCount": 132, "MaxSharedMemoryPerBlockOptin": 232448}
    device = SimpleNamespace(compute_capability=capability, attributes=attributes, use=lambda: None)
    cuda = SimpleNamespace(Device=lambda *_: device, compiler=SimpleNamespace(CompileException=SyntaxError))
    return SimpleNamespace(cuda=cuda, RawModule=RawModule)


class TestRefusals:
    """A machine that lacks something gets one line that says so."""

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

    def test_bfloat16_where_there_is_none(self):
        gpu = Backend(fake_cupy("70"), np.float32, "gpu:0", "old")
        # No other kernels take over, because only these have bf16.
        with pytest.raises(Unsupported, match=r"CUDA kernels need compute capability 7.5"):
            kinds.build(gpu, precision="bf16")
        with pytest.raises(Unsupported, match="the reference kernels have no bf16; use --kernel cuda, or --precision"):
            kinds.build(gpu, "reference", precision="bf16")

    def test_too_little_memory_is_one_line(self, monkeypatch):
        def malloc(size):
            raise OutOfMemoryError

        cupy, taken = fake_cupy(), {}
        cupy.cuda.memory = SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
        cupy.cuda.set_allocator = lambda allocate: taken.update(allocate=allocate)
        cupy.cuda.runtime = SimpleNamespace(
            CUDARuntimeError=RuntimeError,
            getDeviceCount=lambda: 1,
            getDeviceProperties=lambda _: {"name": b"GPU"},
            memGetInfo=lambda: (3 << 20, 8 << 30),
        )
        cupy.get_default_memory_pool = lambda: SimpleNamespace(malloc=malloc)
        monkeypatch.setitem(sys.modules, "cupy", cupy)
        monkeypatch.setitem(sys.modules, "cupy.cublas", cupy)
        assert open_backend("gpu").description == "GPU"
        with pytest.raises(BackendError, match=r"5.0 MiB asked for, 3.0 of 8,192.0 MiB free; lower --batch-size"):
            taken["allocate"](5 << 20)
