"""Wrong kernels are refused, and correct ones pass."""

import numpy as np
import pytest

from charrnn.bench.check import LIMITS, check
from charrnn.bench.workload import Workload
from charrnn.cells.registry import CELLS
from charrnn.device.backend import open_backend
from charrnn.errors import BackendError
from charrnn.kernels.choice import build
from charrnn.kernels.numpy.cells.lstm import LSTM
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.kernels.reference import ReferenceKernels
from tests.bench.examples import TINY
from tests.kernels.agreement import rounded

CPU = open_backend("cpu")


@pytest.mark.parametrize("kernel", ["reference", "numpy"])
@pytest.mark.parametrize("cell", CELLS)
def test_right_kernels_pass(cell, kernel):
    errors = check(Workload(cell, 11, 13, 2, 20, 3), CPU, build(CPU, kernel).kernels)
    assert 0 < errors.outputs < 1e-5


@pytest.mark.parametrize(
    ("owner", "name", "part"),
    [
        (LSTM, "activate", "outputs"),
        (LSTM, "differentiate", "gradients"),
        (LSTM, "weight_gradients", "gradients"),
        (NumpyKernels, "scatter_add", "gradients"),
        (NumpyKernels, "cross_entropy_gradient", "gradients"),
        (NumpyKernels, "adam", "update"),
    ],
)
def test_kernels_that_do_nothing_are_refused(monkeypatch, owner, name, part):
    kernels = NumpyKernels()
    monkeypatch.setattr(owner, name, lambda *arguments: None)
    with pytest.raises(BackendError, match=f"numpy kernels are wrong and are not timed: the relative error of {part}"):
        check(TINY, CPU, kernels)


def test_a_slightly_wrong_gradient_is_refused(monkeypatch):
    right = ReferenceKernels.column_sums

    def wrong(self, a, out):
        right(self, a, out)
        out *= 1.001

    kernels = NumpyKernels()
    monkeypatch.setattr(NumpyKernels, "column_sums", wrong)
    with pytest.raises(BackendError, match=r"gradients is 1\.0e-03"):
        check(TINY, CPU, kernels)


@pytest.mark.parametrize(("precision", "bits"), [("tf32", 13), ("bf16", 16)])
@pytest.mark.parametrize("cell", CELLS)
def test_rounded_products_pass_by_their_own_limits(monkeypatch, cell, precision, bits):
    kernels, lost = NumpyKernels(), [bits]
    kernels.precision = precision
    multiply = np.matmul

    def product(a, b, out):
        if out.dtype == np.float32:  # the reference has float64
            a, b = rounded(a, lost[0]), rounded(b, lost[0])
        return multiply(a, b, out=out)

    monkeypatch.setattr(np, "matmul", product)
    workload = Workload(cell, 11, 64, 2, 20, 16)
    errors = check(workload, CPU, kernels)
    assert errors.outputs > LIMITS["float32"].outputs
    lost[0] += 4
    with pytest.raises(BackendError, match="are wrong and are not timed"):
        check(workload, CPU, kernels)
