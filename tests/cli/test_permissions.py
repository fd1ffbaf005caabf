"""Runs and texts of other users, as charrnn meets them where it may not read or write everything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli

ROOT = Path(__file__).parents[2]
# Root may read and write everything, unless it gives up the capabilities to do so, and owns nothing there.
GIVE_UP = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
AS_OTHER = () if not hasattr(os, "getuid") or os.getuid() else GIVE_UP
STRANGER = 12345

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users"),
    pytest.mark.skipif(bool(AS_OTHER) and not shutil.which("setpriv"), reason="needs setpriv"),
]


@pytest.fixture
def others_run(runs):
    """A run that may be read, and not written."""
    for path in (runs, *runs.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
        if AS_OTHER:
            os.chown(path, STRANGER, STRANGER)
    yield runs / "words"
    for path in (runs, *runs.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def charrnn(*arguments):
    """The exit code, and the last line of both outputs."""
    done = subprocess.run(
        [*AS_OTHER, sys.executable, "-m", "charrnn", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "CHARRNN_KERNEL": "numpy"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1]


def test_a_run_that_may_only_be_read_serves_and_cannot_be_trained(others_run, text):
    assert charrnn("sample", others_run, "--length", 5, "--seed", 1)[0] == 0
    assert charrnn("eval", others_run)[0] == 0
    assert charrnn("compare", others_run)[0] == 0
    for refused in (("--resume", "--run", others_run), (text, "--run", others_run, "--force")):
        assert charrnn("train", *refused) == (
            1,
            f"Error: the folder {others_run} cannot be written: Permission denied; change its permissions, copy it, or "
            "choose another folder",
        )
    code, line = charrnn("train", text, "--run", others_run.parent / "new")
    assert code == 1 and line.endswith("/new cannot be made: Permission denied; name another with --run DIR")


def test_a_run_that_may_not_even_be_read_is_one_line(others_run):
    others_run.chmod(0o000)
    code, line = charrnn("sample", others_run)
    assert code == 1
    assert line.endswith("Permission denied; change its permissions, or those of its folder")


def test_a_refusal_anywhere_names_the_file_and_a_remedy(monkeypatch, text):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    result = CliRunner().invoke(cli, ["train", text])
    assert result.exit_code == 1
    assert result.output == f"Error: {text}: Permission denied; change its permissions, or those of its folder\n"
