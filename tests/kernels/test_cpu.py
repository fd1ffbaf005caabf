"""The compiled kernels against the reference in float64, for every vector width that they support."""

import multiprocessing
import os
from threading import Thread

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.device.backend import Backend
from charrnn.device.processors import processors
from charrnn.kernels.cpu.kernels import CpuKernels
from charrnn.network.network import Network
from charrnn.network.shape import Shape, initial_parameters
from tests.kernels.agreement import CPU64, REFERENCE, check_extreme_logits, error, run
from tests.support.layers import Layer

CPU32 = Backend(np, np.float32, "cpu", "CPU")
SHAPES = [(1, 1, 1), (1, 4, 7), (5, 1, 31), (6, 3, 33), (7, 2, 100), (4, 50, 128), (3, 13, 5), (2, 1, 300), (3, 6, 161)]
WIDTHS = {
    "native": (),
    "lanes-4": ("-DLANES=4", "-O1"),
    "lanes-8": ("-DLANES=8", "-O1"),
    "lanes-16": ("-DLANES=16", "-O1"),
}


@pytest.fixture(params=WIDTHS, scope="module")
def kernels(request):
    return CpuKernels(WIDTHS[request.param])


@pytest.fixture
def native():
    kernels = CpuKernels()
    yield kernels
    kernels.set_threads(processors())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_recurrences_are_accurate(kernels, cell, shape):
    layer = Layer(cell, *shape)
    expected = run(CPU64, REFERENCE, layer, cell)
    for name, value in run(CPU32, kernels, layer, cell).items():
        assert error(value, expected[name]) < (1e-5 if name.startswith(("h", "state")) else 1e-4), name


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("cell", CELLS)
def test_any_number_of_threads(native, cell, threads):
    for shape in ((3, 1, 300), (3, 2, 161), (4, 50, 128), (2, 5, 257)):
        layer = Layer(cell, *shape)
        native.set_threads(2)
        expected = run(CPU32, native, layer, cell)
        native.set_threads(threads)
        found, again = run(CPU32, native, layer, cell), run(CPU32, native, layer, cell)
        for name, value in found.items():
            np.testing.assert_array_equal(value, expected[name], err_msg=f"{name} of {shape}")
            np.testing.assert_array_equal(value, again[name], err_msg=name)


@pytest.mark.parametrize("threads", [1, 3, 7])
def test_networks_learn_the_same_bytes_on_any_number_of_threads(native, threads):
    native.set_threads(2)
    expected = gradients(native)
    native.set_threads(threads)
    for name, value in gradients(native).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def gradients(kernels):
    """Gradients of a network's weights, their norm and the loss, which use all operations of a training step."""
    shape = Shape("gru", 70, 90, 2)
    params = initial_parameters(shape, CPU32, np.random.default_rng(0))
    network = Network(shape, params, CPU32, kernels, seq_len=40, batch_size=30, training=True)
    ids = np.random.default_rng(1).integers(0, 70, (40, 30)).astype(np.uint8)
    logits, _ = network.forward(ids, network.initial_state())
    loss = kernels.cross_entropy_gradient(logits, ids.reshape(-1))
    grads = network.backward(logits)
    return dict(grads.items()) | {"loss": loss, "norm": kernels.norm(grads.buffer)}


@pytest.mark.parametrize("cell", CELLS)
def test_inference_equals_training_and_starts_from_any_state(native, cell):
    layer = Layer(cell, 6, 3, 33)
    trained = run(CPU32, native, layer, cell)
    for name, value in run(CPU32, native, layer, cell, training=False).items():
        np.testing.assert_array_equal(value, trained[name], err_msg=name)
    recurrence = native.recurrence(cell, hidden_size=33, seq_len=4, batch_size=3, dtype=np.float32, training=False)
    params = {name: param.astype(np.float32) for name, param in layer.params.items()}
    state, z = tuple(s.astype(np.float32) for s in layer.state), layer.z.astype(np.float32)
    first, state = recurrence.forward(params, z[:4].copy(), state)
    first = first.copy()
    second, _ = recurrence.forward(params, z[4:].copy(), state)
    np.testing.assert_array_equal(np.concatenate((first, second)), trained["h"])


@pytest.mark.parametrize("where", ["z", "state", "weight"])
@pytest.mark.parametrize("cell", CELLS)
def test_nan_stays_nan(native, cell, where):
    layer = Layer(cell, 3, 4, 21)
    layer.spoil(where)
    found, expected = run(CPU32, native, layer, cell), run(CPU64, REFERENCE, layer, cell)
    for name, value in found.items():
        np.testing.assert_array_equal(np.isnan(value), np.isnan(expected[name]), err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_large_inputs_do_not_overflow(native, cell):
    layer = Layer(cell, 3, 2, 9)
    layer.z *= 1e4
    expected = run(CPU64, REFERENCE, layer, cell)
    for name, value in run(CPU32, native, layer, cell).items():
        np.testing.assert_allclose(
            value, expected[name], rtol=1e-4, atol=1e-4 * np.abs(expected[name]).max(), err_msg=name
        )


def matrices(rows, columns, count):
    """Matrices in the layouts of a network: in C order, transposed, and some columns of a wider one."""
    rng = np.random.default_rng(rows * columns)
    numbers = rng.normal(size=(count, rows, columns)).astype(np.float32)
    wide = rng.normal(size=(rows, columns + 5)).astype(np.float32)
    return numbers[0], np.ascontiguousarray(numbers[1].T).T, wide[:, 2:-3], np.ascontiguousarray(wide.T).T[:, 2:-3]


@pytest.mark.parametrize(
    ("rows", "depth", "columns"),
    [
        (1, 1, 1),
        (1, 300, 65),
        (2, 17, 33),
        (7, 600, 5),
        (130, 40, 100),
        (500, 65, 16),
        (65, 1000, 64),
    ],
)
def test_matmul(kernels, rows, depth, columns):
    for a in matrices(rows, depth, 2):
        for b in matrices(depth, columns, 2):
            out = np.full((rows, columns), np.nan, np.float32)
            kernels.matmul(a, b, out)
            product = a.astype(float) @ b.astype(float)
            assert error(out, product) < 1e-5 * np.sqrt(depth)
            bias = np.linspace(-3, 2, columns, dtype=np.float32)
            kernels.matmul(a, b, out, bias)
            assert error(out, product + bias) < 1e-5 * np.sqrt(depth)


def test_long_sums_are_equally_exact(kernels):
    a, b = np.random.default_rng(0).random((2, 5, 131_072)).astype(np.float32)
    out, bias = np.empty((5, 5), np.float32), np.full(5, 1e4, np.float32)
    kernels.matmul(a, b.T, out, bias)
    assert error(out, a.astype(float) @ b.T.astype(float) + 1e4) < 3e-6


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (1000, 65), (2500, 512)])
def test_column_sums(kernels, shape):
    for a in (np.random.default_rng(0).normal(size=shape).astype(np.float32), matrices(*shape, 2)[2]):
        out = np.full(shape[1], np.nan, np.float32)
        kernels.column_sums(a, out)
        np.testing.assert_allclose(out, a.astype(float).sum(axis=0), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
@pytest.mark.parametrize(("vocab_size", "columns", "count"), [(1, 3, 5), (65, 512, 2500), (200, 7, 50)])
def test_gather_and_scatter_add(kernels, vocab_size, columns, count, dtype):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, vocab_size, count).astype(dtype)
    table = rng.normal(size=(vocab_size, columns)).astype(np.float32)
    rows = rng.normal(size=(count, columns)).astype(np.float32)
    gathered, summed, expected = np.full_like(rows, np.nan), np.full_like(table, np.nan), np.empty_like(table)
    kernels.gather(table, ids, gathered)
    kernels.scatter_add(ids, rows, summed)
    REFERENCE.scatter_add(ids, rows, expected)
    np.testing.assert_array_equal(gathered, table[ids])
    np.testing.assert_allclose(summed, expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (700, 65), (3, 1000)])
def test_cross_entropy_and_its_gradient(kernels, shape):
    rng = np.random.default_rng(0)
    logits = (rng.normal(size=shape) * 5).astype(np.float32)
    targets = rng.integers(0, shape[1], shape[0]).astype(np.uint8)
    for function, tolerance in (("cross_entropy", 1e-5), ("cross_entropy_gradient", 1e-6 / shape[0])):
        found, expected = logits.copy(), logits.astype(float)
        loss = getattr(kernels, function)(found, targets)
        np.testing.assert_allclose(loss, getattr(REFERENCE, function)(expected, targets), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=tolerance)


def test_extreme_logits(kernels):
    check_extreme_logits(kernels)


@pytest.mark.parametrize("size", [1, 7, 4096, 100_003])
def test_norm_and_adam(kernels, size):
    rng = np.random.default_rng(0)
    w, dw, mean = rng.normal(size=(3, size))
    square_mean, scratch = rng.random(size), np.zeros(size)
    narrow = [array.astype(np.float32) for array in (w, dw, scratch, mean, square_mean)]
    assert error(kernels.norm(narrow[1]), REFERENCE.norm(dw)) < 1e-6
    settings = {"rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    REFERENCE.adam(w, dw, scratch, mean, square_mean, **settings)
    kernels.adam(*narrow, **settings)
    for found, expected in zip((narrow[0], narrow[3], narrow[4]), (w, mean, square_mean), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_first_moments_of_adam(kernels):
    dw, zeros = np.full(9, 0.5, np.float32), np.zeros((3, 9), np.float32)
    kernels.adam(zeros[0], dw, None, zeros[1], zeros[2], rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8)
    np.testing.assert_allclose(zeros[1], 0.05, rtol=3e-7)
    np.testing.assert_allclose(zeros[2], 0.00025, rtol=3e-7)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (64, 32, 129)])
def test_masked_values_and_averages(kernels, shape):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, *shape)).astype(np.float32)
    out = np.empty_like(a)
    kernels.apply_mask(a, b, out)
    np.testing.assert_array_equal(out, a * b)
    kernels.apply_mask(a, b[:1], out)
    np.testing.assert_array_equal(out, a * b[:1])
    kernels.apply_mask(out, b, out)
    np.testing.assert_array_equal(out, a * b[:1] * b)
    average, weights = a.ravel().copy(), b.ravel()
    kernels.approach(average, weights, 0.3, np.empty_like(average))
    np.testing.assert_allclose(average, a.ravel() + 0.3 * (weights - a.ravel()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 31, 33, 100_003])
@pytest.mark.parametrize(("seed", "number", "step"), [(1, 0, 0), (2**63 - 1, 5, 2**33)])
def test_masks_are_those_of_numpy(native, seed, number, step, size):
    place = {"seed": seed, "number": number, "step": step}
    for threads in (1, 2, 3):
        native.set_threads(threads)
        found, expected = np.empty((2, size), np.float32)
        native.dropout_mask(found, 77, **place)
        REFERENCE.dropout_mask(expected, 77, **place)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(native):
    native.set_threads(2)
    a = np.ones((256, 256), np.float32)
    out = np.empty_like(a)
    native.matmul(a, a, out)
    child = os.fork()
    if child == 0:
        out[...] = 0
        native.matmul(a, a, out)
        os._exit(0 if (out == 256).all() else 1)
    assert os.waitpid(child, 0)[1] == 0


def compute_while_threads_change(kernels):
    """Two threads run a layer whose only row is shared among threads, while the number of threads keeps changing."""

    def compute(layer):
        for _ in range(300):
            run(CPU32, kernels, layer, "lstm")

    computing = [Thread(target=compute, args=(Layer("lstm", 20, 1, 256),), daemon=True) for _ in range(2)]
    for each in computing:
        each.start()
    while any(each.is_alive() for each in computing):
        kernels.set_threads(1)
        kernels.set_threads(2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_number_of_threads_can_change_while_others_compute(native):
    process = multiprocessing.get_context("fork").Process(target=compute_while_threads_change, args=(native,))
    process.start()
    process.join(timeout=120)  # threads that wait for each other would never end
    process.kill()
    assert process.exitcode == 0
