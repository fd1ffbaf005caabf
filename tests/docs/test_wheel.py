"""The wheel has everything that an installed charrnn reads, and its documentation."""

import zipfile

import pytest

from tests.tools.make_docs import DOCS, ROOT


def test_the_wheel_has_the_documentation_and_all_data(tmp_path):
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    (built,) = wheel.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as file:
        names = set(file.namelist())
    data = [
        path for kind in ("md", "yaml", "jsonl", "h", "cpp", "cu", "typed") for path in DOCS.parent.rglob(f"*.{kind}")
    ]
    assert {str(path.relative_to(ROOT)) for path in data} <= names
    assert {f"charrnn/corpora/{path.name}" for path in (ROOT / "corpora").iterdir()} <= names
