"""Ids that the vocabulary does not have: no kernel reads or writes outside of its arrays."""

import numpy as np
import pytest

from charrnn.kernels.cpu.kernels import CpuKernels
from charrnn.kernels.cuda.kernels import CudaKernels
from tests.kernels import shim

ROWS, SYMBOLS, COLUMNS = 6, 8, 5
CANARY = 12345.0


@pytest.fixture(scope="module", params=["cpu", "cuda"])
def kernels(request, tmp_path_factory):
    return CpuKernels() if request.param == "cpu" else CudaKernels(np, shim.compiler(tmp_path_factory.mktemp("cuda")))


def guarded(shape):
    """An array of zeros, and the whole buffer around it, which is full of canaries."""
    size = int(np.prod(shape))
    buffer = np.full(3 * size + 4096, CANARY, np.float32)
    inside = buffer[size + 1024 : 2 * size + 1024].reshape(shape)
    inside[...] = 0
    return inside, buffer


def is_intact(inside, buffer):
    return (buffer == CANARY).sum() == buffer.size - inside.size


@pytest.mark.parametrize("bad", [SYMBOLS, 20, 255, 2**31 - 1, -1, -(2**31)])
@pytest.mark.parametrize("operation", ["cross_entropy", "cross_entropy_gradient"])
def test_targets(kernels, operation, bad):
    logits, buffer = guarded((ROWS, SYMBOLS))
    logits[...] = np.random.default_rng(0).normal(size=logits.shape)
    expected, last = logits.copy(), np.full(ROWS, SYMBOLS - 1, np.int32)
    wanted = getattr(kernels, operation)(expected, last)
    found = getattr(kernels, operation)(logits, np.full(ROWS, bad, np.int32))
    np.testing.assert_array_equal(logits, expected)
    np.testing.assert_array_equal(found, wanted)
    assert is_intact(logits, buffer)


@pytest.mark.parametrize("bad", [SYMBOLS, 255, 2**31 - 1, -1, -(2**31)])
def test_rows(kernels, bad):
    table, buffer = guarded((SYMBOLS, COLUMNS))
    table[...] = np.arange(table.size).reshape(table.shape)
    ids, out = np.full(ROWS, bad, np.int32), np.empty((ROWS, COLUMNS), np.float32)
    kernels.gather(table, ids, out)
    np.testing.assert_array_equal(out, np.tile(table[-1], (ROWS, 1)))
    kernels.scatter_add(ids, out, table)
    assert np.isfinite(table).all() and is_intact(table, buffer)
