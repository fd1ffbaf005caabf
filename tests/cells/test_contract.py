"""The contract of every cell in the registry; a new cell is tested simply because it is there.

Tests over kernels, over networks and over the sampler also run for each cell of the registry.
"""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from charrnn.cells import registry
from charrnn.cells.registry import ALIASES, CELLS
from charrnn.device.backend import open_backend
from charrnn.kernels.cells import HEADERS, compiled_cells
from charrnn.kernels.cpu.kernels import CpuKernels
from charrnn.kernels.numpy.kernels import NumpyKernels
from charrnn.kernels.reference import Unrolled
from charrnn.network.shape import Shape, initial_parameters
from tests.support.layers import Layer, numeric_gradient
from tests.support.training import SMALL, sha256, train

CHUNKS = [(1, 1, 1), (5, 3, 4)]
MOST_LINES = 80
SIZES = {"hidden_size": 7, "seq_len": 3, "batch_size": 2}
FALLBACKS = [name for name, cell in CELLS.items() if cell not in compiled_cells()]

every_cell = pytest.mark.parametrize("cell", CELLS)


@pytest.mark.parametrize("shape", CHUNKS)
@every_cell
def test_gradients_of_every_input(cell, shape):
    layer = Layer(cell, *shape)
    recurrence = Unrolled(np, CELLS[cell])

    def objective():
        h, state = recurrence.forward(layer.params, layer.z, layer.state)
        return (h * layer.dh).sum() + sum((s * ds).sum() for s, ds in zip(state, layer.dstate, strict=True))

    objective()
    grads = layer.empty_grads()
    dz, dstate = recurrence.backward(layer.params, grads, layer.dh, layer.dstate)
    inputs = {"z": layer.z} | {f"state {k}": array for k, array in enumerate(layer.state)} | layer.params
    found = {"z": dz} | {f"state {k}": array for k, array in enumerate(dstate)} | grads
    for name, array in inputs.items():
        expected = numeric_gradient(objective, array)
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-8, err_msg=name)


@every_cell
def test_pieces_give_the_same_as_the_whole(cell):
    layer = Layer(cell, 6, 3, 4)
    recurrence = Unrolled(np, CELLS[cell])
    whole, last = recurrence.forward(layer.params, layer.z, layer.state)
    first, state = recurrence.forward(layer.params, layer.z[:2], layer.state)
    second, state = recurrence.forward(layer.params, layer.z[2:], state)
    np.testing.assert_array_equal(np.concatenate((first, second)), whole)
    for a, b in zip(state, last, strict=True):
        np.testing.assert_array_equal(a, b)


@every_cell
def test_nan_goes_in_and_comes_out_where_it_belongs(cell):
    layer = Layer(cell, 3, 2, 4)
    layer.z[1, 0, 0] = np.nan
    h, _ = Unrolled(np, CELLS[cell]).forward(layer.params, layer.z, layer.state)
    assert np.isfinite(h[0]).all() and np.isfinite(h[:, 1]).all()
    assert np.isnan(h[1, 0, 0]) and np.isnan(h[2, 0]).all()


@pytest.mark.parametrize("size", [0, 40, -40])
@every_cell
def test_saturated_cells_and_the_zero_state_are_finite(cell, size):
    layer = Layer(cell, 3, 2, 4)
    layer.z[...] = size
    zero = tuple(np.zeros_like(array) for array in layer.state)
    recurrence = Unrolled(np, CELLS[cell])
    h, state = recurrence.forward(layer.params, layer.z, zero)
    dz, dstate = recurrence.backward(layer.params, layer.empty_grads(), layer.dh, layer.dstate)
    assert all(np.isfinite(array).all() for array in (h, *state, dz, *dstate))
    assert not CELLS[cell].bounded or np.abs(h).max() <= 1


@every_cell
def test_blocks_that_use_only_the_sum_have_the_same_gradient_twice(cell):
    kind = CELLS[cell]
    rng = np.random.default_rng(0)
    z, r = rng.normal(size=(2, 3, kind.gates(4)))
    state = tuple(rng.normal(size=(3, *shape)) for shape in kind.state_shapes(4).values())
    p = {name: rng.normal(size=shape) for name, shape in kind.layer_shapes(4, 4).items()}
    _, saved = kind.step(np, z, r, state, p)
    gradients = kind.step_backward(np, saved, state, p)
    same = (gradients.z == gradients.r).reshape(3, len(kind.blocks), 4).all(axis=(0, 2))
    assert same[: kind.summed].all() and not same[kind.summed :].any()


@pytest.mark.parametrize("embedding_size", [0, 3])
@every_cell
def test_initial_weights(cell, embedding_size):
    shape = Shape(cell, 5, 400, 2, embedding_size)
    params = initial_parameters(shape, open_backend("cpu", np.float64), np.random.default_rng(0))
    bound = {name: 400**-0.5 for name in shape.parameters}
    if not embedding_size:
        bound["rnn.weight_ih_l0"] = 1
    kind = CELLS[cell]
    for layer in range(2):
        both = (params[f"rnn.bias_ih_l{layer}"] + params[f"rnn.bias_hh_l{layer}"]).reshape(-1, 400)
        if kind.bias_start:
            start = [kind.bias_start.get(block, 0.0) for block in kind.blocks]
            np.testing.assert_array_equal(both, np.repeat(start, 400).reshape(-1, 400))
            bound[f"rnn.bias_ih_l{layer}"] = bound[f"rnn.bias_hh_l{layer}"] = 1
        else:
            assert abs(both.mean()) < 0.01
    for name, array in params.items():
        if name == "embedding.weight":
            continue
        assert np.abs(array).max() <= bound[name]
        if array.ndim == 2 or name.removesuffix("_l0")[4:] in kind.parameters:
            assert np.abs(array).max() > 0.95 * bound[name] and abs(array.mean()) < 0.1 * bound[name]


@every_cell
def test_a_resumed_run_ends_with_the_same_bytes(cell, text, tmp_path):
    settings = SMALL | {"cell": cell, "steps": 12, "eval_every": 5}
    train(text, settings, run=str(tmp_path / "whole"))
    train(text, settings, run=str(tmp_path / "parts"), stop_at=7)
    train(None, {}, run=str(tmp_path / "parts"), resume=True)
    for name in ("last.safetensors", "best.safetensors"):
        assert sha256(tmp_path / "whole" / name) == sha256(tmp_path / "parts" / name), name


@every_cell
def test_a_cell_is_a_short_file_that_begins_with_its_equations_and_their_source(cell):
    kind = CELLS[cell]
    text = Path(inspect.getsourcefile(type(kind))).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    equations = inspect.getdoc(type(kind))
    assert re.search(r"^h' += ", equations, re.MULTILINE) and re.search(r"\b(19|20)\d\d\b", equations)


def test_names_and_aliases_are_told_apart():
    assert not set(CELLS) & set(ALIASES)
    assert ALIASES["rnn"] == ALIASES["elman"] == "tanh"
    modules = [cell.module for cell in CELLS.values()]
    assert len(set(modules)) == len(modules)


def test_every_header_and_time_loop_is_of_a_cell():
    modules = {cell.module for cell in CELLS.values()}
    loops = {path.stem for path in (HEADERS.parent / "numpy" / "cells").glob("*.py")} - {"__init__"}
    headers = {path.stem for path in HEADERS.glob("*.h")} - {"unit"}
    assert loops <= modules and headers <= modules
    assert {cell.module for cell in compiled_cells()} == headers


@pytest.mark.parametrize("cell", FALLBACKS)
def test_a_cell_without_kernels_falls_back_and_the_reasons_are_given(cell):
    reason = f"NumPy time loop: {cell} has none"
    assert NumpyKernels().refusals(cell, **SIZES) == (reason,)
    kernels = CpuKernels()
    assert kernels.refusals(cell, **SIZES) == (f"compiled time loop: {cell} has no compiled step", reason)
    assert isinstance(kernels.recurrence(cell, **SIZES, dtype=np.float32, training=True), Unrolled)
    assert kernels.sampler(cell, {}, 1, 1) is None


def test_a_cell_with_kernels_is_not_refused():
    assert CpuKernels().refusals("lstm", **SIZES) == ()


def test_the_registry_finds_a_new_file(tmp_path, monkeypatch):
    source = inspect.getsource(inspect.getmodule(type(CELLS["tanh"])))
    (tmp_path / "newcomer.py").write_text(source.replace('name = "tanh"', 'name = "newcomer"'))
    monkeypatch.setattr(registry.cells, "__path__", [*registry.cells.__path__, str(tmp_path)])
    assert registry._found()["newcomer"].module == "newcomer"
