"""Errors of kernels on any device against the reference in float64: the largest difference over the largest value."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from charrnn.device.backend import Backend
from charrnn.kernels.reference import ReferenceKernels
from charrnn.sampling.sampler import Filter
from tests.support.layers import Layer

REFERENCE = ReferenceKernels(np)
CPU64 = Backend(np, np.float64, "cpu", "CPU")


def run(backend: Backend, kernels: ReferenceKernels, layer: Layer, cell: str, training: bool = True) -> dict[str, Any]:
    """All outputs and gradients of a layer, on the host. Its buffers are built for longer sequences."""
    seq_len, batch_size, hidden_size = layer.dh.shape

    def put(array: np.ndarray) -> Any:
        return backend.to_device(array.astype(backend.dtype))

    recurrence = kernels.recurrence(
        cell,
        hidden_size=hidden_size,
        seq_len=seq_len + 2,
        batch_size=batch_size,
        dtype=backend.dtype,
        training=training,
    )
    params = {name: put(param) for name, param in layer.params.items()}
    h, last = recurrence.forward(params, put(layer.z), tuple(map(put, layer.state)))
    found = {"h": h.copy()} | {f"state {k}": s.copy() for k, s in enumerate(last)}
    if training:
        grads = {name: put(array) for name, array in layer.empty_grads().items()}
        dz, first = recurrence.backward(params, grads, put(layer.dh), tuple(map(put, layer.dstate)))
        found |= grads | {"dz": dz.copy()} | {f"dstate {k}": s.copy() for k, s in enumerate(first)}
    return {name: backend.to_host(array) for name, array in found.items()}


def recurrence_errors(
    backend: Backend, kernels: ReferenceKernels, cell: str, shape: tuple[int, int, int]
) -> dict[str, float]:
    """The error of each output and gradient of a random layer; shape is (T, B, H)."""
    layer = Layer(cell, *shape)
    expected = run(CPU64, REFERENCE, layer, cell)
    return {name: error(value, expected[name]) for name, value in run(backend, kernels, layer, cell).items()}


def operation_errors(backend: Backend, kernels: ReferenceKernels) -> Iterator[tuple[str, float]]:
    """The error of every other operation, at sizes that do not fill a block and at size 1."""
    for rows, columns in ((1, 1), (5, 70), (260, 35)):
        for name, operation in OPERATIONS.items():
            yield f"{name} {rows}x{columns}", _operation_error(backend, kernels, operation, rows, columns)


def check_extreme_logits(kernels: ReferenceKernels) -> None:
    """Assert that host kernels take logits of any size and propagate NaN."""
    logits = np.array([[1e4, 0, -1e4], [-1e38, 1e38, 0], [-np.inf, 1, 1], [0, np.nan, 0]], np.float32)
    targets = np.array([0, 1, 2, 0])
    nats = kernels.cross_entropy(logits.copy(), targets)
    np.testing.assert_allclose(nats, [0, 0, np.log(2), np.nan], atol=1e-6)
    assert np.isnan(kernels.cross_entropy_gradient(logits, targets))
    np.testing.assert_allclose(logits[2] * 4, [0, 0.5, -0.5], atol=1e-6)
    assert np.isnan(logits[3]).all()
    for bits in (0x7FC00001, 0xFFFFFFFF):  # a NaN that no operation produces
        logits = np.array([[0, 0, 0]], np.float32)
        logits.view(np.uint32)[0, 1] = bits
        assert np.isnan(kernels.cross_entropy(logits.copy(), np.array([0])))
        assert np.isnan(kernels.cross_entropy_gradient(logits, np.array([0])))


def error(value: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference relative to the largest value; NaN if any value is NaN."""
    return float(np.abs(value - expected).max() / max(np.abs(expected).max(), 1e-30))


def largest(errors: Iterable[float]) -> float:
    """The largest error; NaN if any is NaN, which Python's max would ignore."""
    return float(np.max([*errors]))


def rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Round a float32 array to values without their last `bits` bits: to nearest, ties to even."""
    words = np.ascontiguousarray(array).view(np.uint32).astype(np.uint64)
    half, odd = (1 << bits - 1) - 1, words >> bits & 1
    return ((words + half + odd) >> bits << bits).astype(np.uint32).view(np.float32)


def _operation_error(
    backend: Backend, kernels: ReferenceKernels, operation: Callable, rows: int, columns: int
) -> float:
    results = []
    for on, which in ((backend, kernels), (CPU64, REFERENCE)):
        arrays = arrays_of(on, rows, columns)
        value = operation(which, arrays)
        everything = [*arrays.values()] if value is None else [*arrays.values(), on.xp.asarray(value)]
        results.append([on.to_host(array).astype(float) for array in everything])
    return largest(error(found, expected) for found, expected in zip(*results, strict=True))


def arrays_of(backend: Backend, rows: int, columns: int) -> dict[str, Any]:
    """Every array that OPERATIONS read or write, with the same values on every backend."""
    rng = np.random.default_rng(rows * columns)
    numbers = {
        "a": rng.normal(size=(rows, columns)) * 3,
        "table": rng.normal(size=(columns, 40)),
        "rows": rng.normal(size=(rows, 40)),
        "w": rng.normal(size=rows * columns),
        "mean": rng.normal(size=rows * columns),
        "square_mean": rng.random(rows * columns),
        "slope": rng.normal(size=rows * columns),
        "product": np.zeros((rows, 40)),
        "sums": np.zeros(columns),
        "summed": np.zeros((columns, 40)),
        "gathered": np.zeros((rows, 40)),
    }
    width = {1: np.uint8, 5: np.uint16, 260: np.int32}.get(rows, np.int64)
    ids, text = rng.integers(0, columns, rows).astype(width), rng.integers(0, columns, 8 * rows).astype(width)
    starts = np.sort(rng.integers(0, 6 * rows, 3))
    arrays = {
        name: backend.to_device(values.astype(np.float32).astype(backend.dtype)) for name, values in numbers.items()
    }
    ids = {"ids": ids, "text": text, "starts": starts, "read": np.zeros((rows + 1, 3), width)}
    return arrays | {name: backend.to_device(values) for name, values in ids.items()}


def _adam(kernels: ReferenceKernels, x: dict[str, Any]) -> None:
    slope = x["slope"].copy()
    kernels.adam(x["w"], slope, kernels.xp.empty_like(slope), x["mean"], x["square_mean"], 0.01, 0.9, 0.999, 1e-8)


def choose(kernels: ReferenceKernels, logits: Any) -> Any:
    """Choose an id for each row, on the device if the kernels can, else as the sampler does on the host."""
    xp, wish = kernels.xp, Filter(0.8, top_k=20, top_p=0.9)
    draws = np.random.default_rng(len(logits)).random(len(logits))
    if not kernels.chooses:
        return wish.choose(logits, draws)
    ids = xp.empty(len(logits), np.int32)
    kernels.choose(logits, xp.asarray(draws), ids, **asdict(wish))
    return ids


OPERATIONS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "matmul": lambda kernels, x: kernels.matmul(x["a"], x["table"], x["product"]),
    "matmul with bias": lambda kernels, x: kernels.matmul(x["a"], x["table"], x["product"], x["table"][0]),
    "matmul transposed": lambda kernels, x: kernels.matmul(x["a"].T, x["rows"], x["summed"]),
    "column_sums": lambda kernels, x: kernels.column_sums(x["a"], x["sums"]),
    "gather": lambda kernels, x: kernels.gather(x["table"], x["ids"], x["gathered"]),
    "scatter_add": lambda kernels, x: kernels.scatter_add(x["ids"], x["rows"], x["summed"]),
    "cross_entropy": lambda kernels, x: kernels.cross_entropy(x["a"], x["ids"]),
    "cross_entropy_gradient": lambda kernels, x: kernels.cross_entropy_gradient(x["a"], x["ids"]),
    "read_streams": lambda kernels, x: kernels.read_streams(x["text"], x["starts"], x["read"]),
    "dropout_mask": lambda kernels, x: kernels.dropout_mask(x["a"], 77, seed=2**62 + 5, number=3, step=12345),
    "apply_mask": lambda kernels, x: kernels.apply_mask(x["a"], x["a"] + 1, x["a"]),
    "approach": lambda kernels, x: kernels.approach(x["w"], x["mean"], 0.3, x["slope"].copy()),
    "clip": lambda kernels, x: kernels.clip(x["w"], 0.1),
    "clip what is small": lambda kernels, x: kernels.clip(x["w"], 1e6),
    "choose": lambda kernels, x: choose(kernels, x["a"]),
    "norm": lambda kernels, x: kernels.norm(x["w"]),
    "adam": _adam,
}
