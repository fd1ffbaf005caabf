"""No checkpoint, whatever it contains, makes a command fail with more than one line."""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charrnn.cli import cli
from charrnn.runs import checkpoint
from tests.support import forged

CPU = ("--device", "cpu", "--kernel", "numpy")
COMMANDS = (
    ("info", "runs/forged"),
    ("info", "runs/forged", "--json"),
    ("compare", "runs/forged", "runs/words"),
    ("compare", "runs/"),
    ("sample", "forged", "--length", "5", *CPU),
    ("eval", "forged", *CPU),
    ("judge", "forged", "-n", "2", "--length", "50", *CPU),
    ("train", "--resume", "--run", "runs/forged", "--steps", "61", *CPU),
    ("train", "words.txt", "--init-from", "forged", "--run", "new", "--steps", "1", "--preset", "none", *CPU),
)
# Every value in the header, by its path, is replaced by each of these kinds.
WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.sampled_from([-1, 0, 1, 2, 2**31, 2**63 - 1, 2**63, 10**400, 1e308, -1e308, 0.5, "\x1b[2J", "", "x" * 20_000]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=()), max_size=5),
    st.lists(st.integers(0, 3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=2),
)


def paths(values, here=()):
    """The paths of all values in a mapping of mappings."""
    for name, value in values.items():
        yield (*here, name)
        if isinstance(value, dict):
            yield from paths(value, (*here, name))


def changed(values, path, change):
    """A copy of `values` in which `change` was made to the mapping at `path`."""
    values = copy.deepcopy(values)
    inner = values
    for name in path[:-1]:
        inner = inner[name]
    change(inner, path[-1])
    return values


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    """A folder with two runs, of which `forged` is to be spoiled."""
    here = tmp_path_factory.mktemp("forged")
    shutil.copytree(trained / "runs", here / "runs")
    shutil.copytree(here / "runs" / "words", here / "runs" / "forged")
    shutil.copy(trained / "words.txt", here)
    return here


@pytest.fixture
def here(folder, monkeypatch):
    """The same as the current folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CXX", "/nowhere/c++")  # charrnn info would compile the kernels
    yield folder
    for name in ("last", "best"):
        shutil.copy(f"runs/words/{name}.safetensors", f"runs/forged/{name}.safetensors")
    shutil.rmtree("new", ignore_errors=True)


def put(values, tensors):
    """Make both checkpoints of the run `forged` these."""
    forged.pack("runs/forged/last.safetensors", values, tensors)
    shutil.copy("runs/forged/last.safetensors", "runs/forged/best.safetensors")


def run(arguments):
    """Run a command; it may succeed, or fail with one line."""
    shutil.rmtree("new", ignore_errors=True)
    Path("runs/forged/lock").unlink(missing_ok=True)  # the errors of earlier runs may still hold it
    result = CliRunner().invoke(cli, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    assert result.exit_code in (0, 1, 2)
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert len(errors) == (result.exit_code != 0)
    return result


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_the_header(here, data):
    values, tensors = forged.unpack("runs/words/last.safetensors")
    spoiled = values
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([each for each in paths(spoiled) if each != ("sha256",)]))
        wrong = data.draw(WRONG)
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "replace":
            spoiled = changed(spoiled, path, lambda inner, name, wrong=wrong: inner.__setitem__(name, wrong))
        elif change == "remove":
            spoiled = changed(spoiled, path, lambda inner, name: inner.pop(name))
        else:
            spoiled = changed(spoiled, path, lambda inner, name, wrong=wrong: inner.__setitem__(name + "x", wrong))
    put(spoiled, tensors)
    for arguments in data.draw(st.permutations(COMMANDS))[:3]:
        run(arguments)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tensors(here, data):
    values, tensors = forged.unpack("runs/words/last.safetensors")
    name = data.draw(st.sampled_from(sorted(tensors)))
    shape = data.draw(st.lists(st.integers(0, 20), max_size=4))
    number = data.draw(st.sampled_from([0, 1, -1, 1e38, np.nan, np.inf, -np.inf]))
    match data.draw(st.sampled_from(["shape", "value", "remove", "rename", "add"])):
        case "shape":
            tensors[name] = np.full(shape, number, np.float32)
        case "value":
            tensors[name] = np.full_like(tensors[name], number)
        case "remove":
            del tensors[name]
        case "rename":
            tensors[data.draw(st.text(max_size=9)) + name] = tensors.pop(name)
        case "add":
            others = [
                "state.0.h",
                "state.-1.h",
                "state.9.h",
                "state.x.h",
                "state..",
                "optimizer..x",
                "optimizer.mean.x",
            ]
            tensors[data.draw(st.sampled_from(others))] = np.full(shape, number, np.float32)
    put(values, tensors)
    for arguments in data.draw(st.permutations(COMMANDS))[:3]:
        run(arguments)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_not_numbers_are_refused_by_all_commands(here, arguments, number):
    values, tensors = forged.unpack("runs/words/last.safetensors")
    for name in tensors:
        put(values, tensors | {name: np.full_like(tensors[name], number)})
        result = run(arguments)
        if arguments[0] == "compare":
            assert "left out: " in result.stderr or "forged" not in result.stdout
        else:
            assert f"is damaged: {name} has values that are not finite" in result.stderr


DEEP = 100_000
HEADERS = {
    "many tensors": b"{%s}"
    % b",".join(b'"t%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % n for n in range(100_000)),
    "deep": b"[" * DEEP + b"]" * DEEP,
    "long": b"{" + b" " * (1 << 26) + b"}",
    "a list": b"[]",
    "a number": b"5",
    "a long number": b"9" * 10_000,
    "a tensor that is a number": b'{"__metadata__":{"charrnn":"{}"},"a":5}',
    "a negative shape": b'{"__metadata__":{"charrnn":"{}"},"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}',
    "a huge shape": b'{"__metadata__":{"charrnn":"{}"},"a":{"dtype":"F32","shape":[%s],"data_offsets":[0,0]}}'
    % (b"9" * 4000),
    "infinite": b'{"__metadata__":{"charrnn":"{\\"format\\": Infinity}"}}',
    "text that is deep": b'{"__metadata__":{"charrnn":"%s"}}' % (b"[" * DEEP),
    "text that is a list": b'{"__metadata__":{"charrnn":"[]"}}',
    "text of another kind": b'{"__metadata__":{"charrnn":[1]}}',
    "not UTF-8": b'{"\xff":1}',
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_hostile_header_is_one_line(here, header):
    forged.raw("runs/forged/last.safetensors", header)
    forged.raw("runs/forged/best.safetensors", header)
    for arguments in COMMANDS:
        run(arguments)


def test_a_network_that_fits_no_memory_is_refused_before_it_is_read(here, monkeypatch):
    monkeypatch.setattr(checkpoint, "available_memory", lambda: 1000)
    monkeypatch.setattr(checkpoint, "read_tensor", None)
    for arguments in COMMANDS:
        result = run(arguments)
        assert " bytes of memory, and 1,000 are free; stop other programs" in result.stderr
