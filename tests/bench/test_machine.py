"""Rates of the machine, and the signs that it is busy."""

import numpy as np

from charrnn.bench import machine
from charrnn.bench.machine import Ceiling
from charrnn.device.backend import open_backend
from charrnn.kernels.reference import ReferenceKernels
from tests.bench.examples import MACHINE

CPU = open_backend("cpu")


def test_ceiling_and_description():
    assert machine.describe(CPU).cores >= 1
    measured = machine.ceiling(CPU, ReferenceKernels(np))
    assert measured.best >= measured.median > 0


def test_products_that_round_have_a_ceiling_of_their_own(monkeypatch):
    kernels, products = ReferenceKernels(np), []
    monkeypatch.setattr(kernels, "matmul", lambda *matrices: products.append(matrices))
    machine.ceiling(CPU, kernels)
    assert not products
    kernels.precision = "bf16"
    machine.ceiling(CPU, kernels)
    assert products


def test_busy():
    assert machine.busy(MACHINE, [Ceiling(100, 95, 0.0), Ceiling(98, 90, None)]) == []
    others, uneven = machine.busy(MACHINE, [Ceiling(100, 95, 1.5), Ceiling(60, 50, 0.0)])
    assert others == "other processes used up to 1.5 of 2 cores"
    assert uneven == "the same matrix product ran at 50 to 100 GFLOP/s"
