"""The README keeps up with the code."""

import re
from pathlib import Path

from charrnn.cli import COMMANDS
from tests.tools.make_docs import README, current

ROOT = Path(__file__).parents[2]


def test_its_generated_parts_are_current():
    readme = README.read_text(encoding="utf-8")
    assert readme == current(readme), "run make readme"


def test_every_command_has_help_with_an_example():
    readme = README.read_text(encoding="utf-8")
    for name in COMMANDS:
        section = readme.split(f"### charrnn {name}\n")[1].split("\n### ")[0]
        assert f"  charrnn {name}" in section.split("Examples:")[1], name


def test_every_path_that_the_readme_names_is_there():
    table = README.read_text(encoding="utf-8").split("## Where things are")[1].split("\n## ")[0]
    for path in re.findall(r"`([\w/]+(?:/|\.\w+))`", table):
        assert (ROOT / path).exists() or (ROOT / "charrnn" / path).exists(), path
