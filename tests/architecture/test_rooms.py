"""The rules of the structure: rooms in one order, imports that go down, and a home for each third-party library."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "charrnn"

# From the ground up. A room imports from itself and from the rooms before it.
ROOMS = [
    *("errors", "hints", "files", "cells", "config", "device", "text", "presets", "catalogue", "records"),
    *("kernels", "network", "runs", "sampling", "evaluation", "training", "session", "search", "bench", "view", "cli"),
]
# The folders and modules of the largest room, likewise.
TEXT = ["vocabulary", "characters", "files", "reading", "parts", "streams", "integrity", "tokens", "about"]
HOMES = {
    "click": {"cli"},
    "rich": {"view"},
    "cupy": {"device", "kernels"},
    "safetensors": {"runs"},
    "yaml": {"presets", "catalogue"},
    "torch": {"bench"},
}
FACES = {"__init__", "__main__"}
DATA = {"docs"}  # rooms without code
MOST_LOOSE_MODULES = 8
MOST_LINES = 400

FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [path for path in sorted(PACKAGE.rglob("*")) if path.suffix in (".py", ".cpp", ".cu", ".h")]


def room(path):
    """The room that a file is in: a folder of the package, or a module directly under it."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_rooms_are_those_on_disk():
    assert {room(path) for path in FILES} - FACES == set(ROOMS)
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= {*ROOMS, *DATA}


def test_few_modules_are_loose():
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_LOOSE_MODULES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    here = room(path)
    for name in imports(path):
        package, *rest = name.split(".")
        if package != "charrnn" or here in FACES:
            continue
        there = rest[0] if rest[0] in ROOMS else "__init__"  # charrnn.__version__ is on the ground floor
        if there not in (here, "__init__"):
            assert ROOMS.index(there) < ROOMS.index(here), f"{here} imports {there}"


def test_imports_go_down_in_the_room_of_texts():
    room_of_texts = PACKAGE / "text"
    for path in sorted(room_of_texts.rglob("*.py")):
        here = path.relative_to(room_of_texts).parts[0].removesuffix(".py")
        there = {name.split(".")[2] for name in imports(path) if name.startswith("charrnn.text.")}
        assert all(TEXT.index(each) <= TEXT.index(here) for each in there), path


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_third_party_libraries_have_one_home(path):
    for name in imports(path):
        library = name.split(".")[0]
        if library in HOMES:
            assert room(path) in HOMES[library], f"{library} is imported in {path.name}"


def test_no_file_is_long():
    tests = sorted((ROOT / "tests").rglob("*.py"))
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*SOURCES, *tests)}
    assert not {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES}


def test_tests_mirror_the_rooms():
    for name in ROOMS:
        is_folder = (PACKAGE / name).is_dir()
        there = ROOT / "tests" / (name if is_folder else f"test_{name}.py")
        assert there.exists() or name == "errors", f"{there} is missing"


def test_every_folder_says_what_it_is():
    for path in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path.parent.name} has no docstring"
