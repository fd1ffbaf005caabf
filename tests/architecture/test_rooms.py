"""The two rules of the structure: imports go down, and a third-party library has one home."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "charrnn"

# From the ground up. A unit imports from lower floors and from itself.
FLOORS = [
    {"__init__", "errors", "commands"},
    {"config", "events", "arrays", "backend", "loss", "storage", "recurrence"},
    {"cells", "schedules", "budget", "presets", "corpus"},
    {"catalogue", "regularization", "averaging", "baselines"},
    {"kernels"},
    {"optim", "network", "checkpoint"},
    {"runs", "evaluate", "sampler", "feed"},
    {"dynamic"},
    {"learner"},
    {"model", "train", "bench"},
    {"session", "generate", "compare"},
    {"judge", "sweep"},
    {"view"},
    {"cli"},
    {"__main__"},
]
HOMES = {
    "click": {"cli"},
    "rich": {"view"},
    "cupy": {"backend", "kernels"},
    "safetensors": {"checkpoint"},
    "yaml": {"presets", "catalogue"},
    "torch": {"bench"},
}


def unit(path):
    """The part of the package that a file belongs to: a module or folder directly under it."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path):
    """Names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(name):
    return next(index for index, units in enumerate(FLOORS) if name in units)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    here = unit(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "charrnn":
            continue
        there = parts[1] if (PACKAGE / f"{parts[1]}.py").exists() or (PACKAGE / parts[1]).is_dir() else "__init__"
        if there != here:
            assert floor(there) < floor(here), f"{here} imports {there}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_third_party_libraries_have_one_home(path):
    for name in imports(path):
        library = name.split(".")[0]
        if library in HOMES:
            assert unit(path) in HOMES[library], f"{library} is imported in {path.name}"
