"""The compiled kernels with bfloat16 products; the one instruction that few processors have is emulated."""

import subprocess

import numpy as np
import pytest

from charrnn.bench.check import LIMITS, check
from charrnn.bench.workload import Workload
from charrnn.device.backend import Backend, open_backend
from charrnn.device.processors import processors
from charrnn.kernels import choice
from charrnn.kernels.cells import compiled_cells
from charrnn.kernels.cpu.build import FLAGS, SOURCES, compiler
from charrnn.kernels.cpu.kernels import CpuKernels
from charrnn.session import TrainRequest, prepare
from charrnn.training.events import Step
from charrnn.training.trainer import Trainer
from tests.kernels.agreement import CPU64, REFERENCE, rounded, run
from tests.support.layers import Layer

COMPILED = [cell.name for cell in compiled_cells()]
CPU = open_backend("cpu")
SHAPES = [(1, 1, 1), (1, 4, 7), (5, 1, 31), (6, 3, 33), (7, 2, 100), (3, 13, 5), (2, 1, 301), (3, 50, 129)]
EMULATED = ("-DEMULATE_BF16",)
WIDTHS = {"native": EMULATED, "lanes-4": (*EMULATED, "-DLANES=4", "-O1"), "lanes-16": (*EMULATED, "-DLANES=16", "-O1")}
if choice.CPU_INFO.is_file() and "avx512_bf16" in choice.CPU_INFO.read_text().split():
    WIDTHS["instruction"] = ()
INSTRUCTIONS = ("-mavx512f", "-mfma", "-mavx512bf16")


@pytest.fixture(params=WIDTHS, scope="module")
def kernels(request):
    return CpuKernels(WIDTHS[request.param], "bf16")


@pytest.fixture
def native():
    kernels = CpuKernels(EMULATED, "bf16")
    yield kernels
    kernels.set_threads(processors())


def bfloat16(array):
    """The values rounded to bfloat16, as float64."""
    return rounded(np.asarray(array, np.float32), 16).astype(float)


class Rounding(np.ndarray):
    """A float64 array whose matrix products round their factors to bfloat16."""

    def __matmul__(self, other):
        return (bfloat16(self) @ bfloat16(other)).view(Rounding)

    def __rmatmul__(self, other):
        return (bfloat16(other) @ bfloat16(self)).view(Rounding)


class RoundingBackend(Backend):
    def to_device(self, array):
        return np.asarray(array).view(Rounding)


def distance(found, expected):
    """Relative distance by norms: a single value may be far off where rounding turns a ReLU on or off."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def layouts(array):
    """The array in the layouts of a network: in C order, transposed, and as part of a wider array full of NaN."""
    rows, columns = array.shape
    wide = np.full((2, rows + 3, columns + 3), np.nan, np.float32)
    parts = wide[0, 1:-2, 1:-2], np.ascontiguousarray(wide[1].T).T[1:-2, 1:-2]
    for part in parts:
        part[...] = array
    return array, np.ascontiguousarray(array.T).T, *parts


@pytest.mark.parametrize(
    ("rows", "depth", "columns"),
    [
        (1, 1, 1),
        (1, 3, 65),
        (2, 17, 33),
        (7, 64, 5),
        (14, 301, 40),
        (130, 40, 100),
        (27, 999, 70),
    ],
)
def test_products_are_those_of_rounded_factors(kernels, rows, depth, columns):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(rows, depth)).astype(np.float32), rng.normal(size=(depth, columns)).astype(np.float32)
    bias = rng.normal(size=columns).astype(np.float32)
    expected = bfloat16(a) @ bfloat16(b) + bias
    for left in layouts(a):
        for right in layouts(b):
            out = np.full((rows, columns), np.nan, np.float32)
            kernels.matmul(left, right, out, bias)
            assert np.abs(out - expected).max() < 1e-6 * np.abs(expected).max()


def test_rounding_is_to_the_nearest_and_nan_stays_nan(kernels):
    low = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    numbers = (np.arange(1 << 16, dtype=np.uint32)[:, None] << 16 | low).reshape(-1, 1).view(np.float32)
    numbers = numbers[~(np.abs(numbers) < 2.0**-126)][:, None]  # because the instruction treats subnormals as zero
    finite = ~np.isnan(numbers)
    expected = np.where(finite, rounded(np.where(finite, numbers, 0), 16), np.nan)
    one = np.ones((1, 1), np.float32)
    with np.errstate(invalid="ignore"):
        for array in layouts(numbers):
            left, right = np.empty_like(numbers), np.empty_like(numbers.T)
            kernels.matmul(array, one, left)
            kernels.matmul(one, array.T, right)
            np.testing.assert_array_equal(left, expected)
            np.testing.assert_array_equal(right, expected.T)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", COMPILED)
def test_recurrences_round_the_factors_of_products_and_nothing_else(kernels, cell, shape):
    layer = Layer(cell, *shape)
    found, exact = run(CPU, kernels, layer, cell), run(CPU64, REFERENCE, layer, cell)
    expected = run(RoundingBackend(np, np.float64, "cpu", "CPU"), REFERENCE, layer, cell)
    for name, value in found.items():
        assert distance(value, np.asarray(expected[name])) < 1e-3, name
    assert max(distance(value, exact[name]) for name, value in found.items()) > 1e-4


@pytest.mark.parametrize("cell", COMPILED)
def test_networks_are_as_near_to_the_reference_as_bf16_may_be(kernels, cell):
    for sizes in ((11, 65, 2, 20, 16), (7, 33, 1, 1, 1), (64, 128, 2, 8, 50)):
        assert check(Workload(cell, *sizes), CPU, kernels).outputs > LIMITS["float32"].outputs


@pytest.mark.parametrize("cell", COMPILED)
def test_threads_agree_and_repeat(native, cell):
    for shape in ((3, 1, 300), (3, 2, 161), (4, 50, 128), (2, 5, 257)):
        layer = Layer(cell, *shape)
        native.set_threads(2)
        expected = run(CPU, native, layer, cell)
        for threads in (1, 2, 3, 7):
            native.set_threads(threads)
            for name, value in run(CPU, native, layer, cell).items():
                np.testing.assert_array_equal(value, expected[name], err_msg=f"{name} of {shape}, {threads} threads")


@pytest.mark.parametrize("where", ["z", "state", "weight"])
@pytest.mark.parametrize("cell", COMPILED)
def test_nan_stays_nan(native, cell, where):
    layer = Layer(cell, 3, 4, 21)
    layer.spoil(where)
    expected = run(CPU64, REFERENCE, layer, cell)
    for name, value in run(CPU, native, layer, cell).items():
        np.testing.assert_array_equal(np.isnan(value), np.isnan(expected[name]), err_msg=name)


def test_a_training_learns_as_much_as_in_float32(tmp_path, monkeypatch):
    flags = {"float32": (), "bf16": EMULATED}
    monkeypatch.setattr(choice, "_cpu", lambda backend, precision: CpuKernels(flags[precision], precision))
    text = tmp_path / "fox.txt"
    text.write_text("".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(60)))
    settings = {"hidden_size": 33, "seq_len": 20, "batch_size": 7, "steps": 150, "learning_rate": 0.01}
    losses = {}
    for precision in ("float32", "bf16"):
        settings["precision"] = precision
        request = TrainRequest((str(text),), settings, "none", run=precision, device="cpu", kernel="cpu")
        events = Trainer(prepare(request).setup).run()
        losses[precision] = np.array([event.loss for event in events if isinstance(event, Step)])
    assert losses["bf16"][-1] < losses["bf16"][0] / 4
    assert (losses["bf16"] != losses["float32"]).any()
    assert np.abs(losses["bf16"] - losses["float32"]).max() < 0.1
    assert abs(losses["bf16"][-10:].mean() - losses["float32"][-10:].mean()) < 0.02


def compile_product(*flags):
    """Compile the matrix product in bf16; the output of the process is assembly."""
    source = SOURCES / "panel.cpp"
    return subprocess.run(
        [*compiler(), *FLAGS, "-O1", "-DBF16", *flags, "-S", "-o", "-", str(source)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_instruction_is_used_where_it_is_known():
    known = subprocess.run(
        [*compiler(), *INSTRUCTIONS, "-x", "c++", "-fsyntax-only", "-"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    if known.returncode:
        pytest.skip("the compiler does not know AVX512_BF16")
    assembly = compile_product(*INSTRUCTIONS)
    assert assembly.returncode == 0, assembly.stderr
    assert assembly.stdout.count("vdpbf16ps") > 300  # 13 rows by 2 vectors and all smaller tiles


def test_without_the_instruction_nothing_is_emulated_unasked():
    refused = compile_product("-DLANES=8")
    assert refused.returncode != 0
    assert "no AVX512_BF16" in refused.stderr
