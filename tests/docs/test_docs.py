"""The documentation keeps up with the code."""

import re
import shlex

import click
import pytest

from charrnn.cells.protocol import Cell
from charrnn.cli import COMMANDS, cli
from tests.architecture.test_rooms import PACKAGE, ROOMS
from tests.tools.make_docs import DOCS, PARTS, README, ROOT, current

MOST_LINES = 200  # of the README
MOST_WORDS = 1500
PAGES = [README, *sorted(DOCS.glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
REGISTRIES = re.compile(
    r"\bpypi\.|pythonhosted|conda\.anaconda|npmjs|crates\.io|rubygems\.org|proxy\.golang|packages\.debian",
    re.IGNORECASE,
)


def name_of(path):
    """The identifier of a page as a parameter."""
    return path.name


def read(path):
    """The text of a page."""
    return path.read_text(encoding="utf-8")


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PARTS, ids=name_of)
def test_generated_parts_are_current(path):
    assert read(path) == current(path), "run make docs"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_in_its_help_and_in_the_readme(name):
    section = read(DOCS / "commands.md").split(f"## charrnn {name}\n")[1].split("\n## ")[0]
    assert f"  charrnn {name}" in section.split("Examples:")[1]
    assert f"\ncharrnn {name} " in read(README)


def test_the_readme_is_one_page():
    text = read(README)
    assert len(text.splitlines()) <= MOST_LINES
    assert len(text.split()) <= MOST_WORDS


def test_the_readme_links_every_page():
    linked = {ROOT / link for link in LINK.findall(read(README)) if "#" not in link}
    assert linked == set(PAGES) - {README}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_resolve(path):
    for link in LINK.findall(FENCED.sub("", read(path))):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def examples():
    """All command lines in the code blocks of the documentation, except those with a placeholder."""
    blocks = "\n".join(block for path in PAGES for block in FENCED.findall(read(path)))
    lines = {line.strip() for line in re.findall(r"^ *charrnn .*$", blocks, re.MULTILINE)}
    return sorted(line for line in lines if "NAME" not in line)


@pytest.mark.parametrize("line", examples())
def test_every_example_is_a_command_with_options_that_exist(line):
    _, *words = shlex.split(line.split(" | ")[0], comments=True)
    command, context = cli, click.Context(cli, info_name="charrnn", **cli.context_settings)
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        context = click.Context(command, info_name=name, parent=context)
    command.make_context(name, words, parent=context.parent)  # reads the options and runs nothing


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_page_names_the_host_of_a_package_registry(path):
    assert not REGISTRIES.findall(read(path))


def test_the_design_lists_the_rooms_from_the_ground_up():
    table = read(DOCS / "design.md").split("## Rooms")[1].split("\n## ")[0]
    rooms = re.findall(r"^\| `(\w+)(?:/|\.py)` \|", table, re.MULTILINE)
    assert rooms == ROOMS


def test_all_fields_of_a_cell_are_explained():
    table = read(DOCS / "add-a-cell.md").split("## 1. The record")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(Cell.__annotations__)


@pytest.mark.parametrize("name", ["design.md", "contributing.md", "add-a-cell.md"])
def test_every_path_that_a_page_names_is_there(name):
    for path in re.findall(r"`((?:[\w-]+/)*[\w-]+(?:/|\.(?:py|h|cu|cpp|yaml)))`", read(DOCS / name)):
        if "NAME" in path:
            continue
        places = (ROOT, PACKAGE, *(PACKAGE / "kernels" / kind for kind in ("cpu", "cuda", "numpy")))
        assert any((place / path).exists() for place in places), path


def test_the_snippet_of_the_readme_loads_a_run_into_torch(runs):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    code = read(README).split("```python\n")[1].split("```")[0]
    code = code.replace("runs/names", "runs/words").replace(r"\nann", r"\nant")
    found: dict = {}
    exec(code, found)  # the README's own text
    assert found["logits"].shape == (4, len(found["characters"]))
