import json

import pytest
from click.testing import CliRunner, Result

from charrnn import catalogue
from charrnn.catalogue.sources import Url
from charrnn.cli import cli
from charrnn.errors import CorpusError

ENTRIES = {
    "bundled": "  - {kind: bundled, file: bundled.txt, result: {size: 6, sha256: SHA256}}",
    "web": "  - {kind: url, url: 'https://example.org/x', size: 6, sha256: SHA256, note: mind this}",
}
SHA256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # of "hello\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Two corpora, one beside its entry and one on a stand-in for the web that answers hello."""
    for name, source in ENTRIES.items():
        head = f"title: The {name} one\ndescription: D\nlicence: L\nsources:\n"
        (tmp_path / f"{name}.yaml").write_text(head + source.replace("SHA256", SHA256))
    (tmp_path / "bundled.txt").write_text("hello\n")
    monkeypatch.setattr(catalogue, "catalogue_folder", lambda: tmp_path)
    monkeypatch.setattr(Url, "obtain", lambda self, folder, progress: hello(folder / "file"))
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def hello(path):
    path.write_text("hello\n")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["corpora", *arguments])


def test_list():
    result = run("list")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "NAME     STATE        TITLE",
        "bundled  always here  The bundled one",
        "web      not fetched  The web one",
    ]
    run("fetch", "web")
    assert [(each["name"], each["state"]) for each in json.loads(run("list", "--json").stdout)] == [
        ("bundled", "always here"),
        ("web", "here"),
    ]


@pytest.mark.parametrize("columns", ["60", "80", None])
def test_output_is_as_wide_as_the_terminal(folder, monkeypatch, columns):
    text = (folder / "web.yaml").read_text()
    text = text.replace(": D", ": " + "three blind mice " * 20).replace(": L", ": " + "mild " * 40)
    (folder / "web.yaml").write_text(text)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    lines, width = run("show", "web").stdout.splitlines(), int(columns or 100)
    assert width - 6 < max(len(line) for line in lines if "mice" in line or "mild" in line) <= width
    assert " ".join(lines).split().count("mild") == 40
    assert lines[-1] == "source 1   example.org (mind this)"


def test_show(folder):
    result = run("show", "web")
    assert result.exit_code == 0
    assert "source 1   example.org (mind this)" in result.stdout
    assert "sha256" not in result.stdout
    assert "sha256     " + SHA256 in run("show", "bundled").stdout
    run("fetch", "web")
    shown = json.loads(run("show", "web", "--json").stdout)
    assert (shown["text"]["sha256"], shown["text"]["origin"]) == (SHA256, "example.org")
    assert shown["sources"][0]["url"] == "https://example.org/x"
    (folder / "bundled.txt").write_text("hallo\n")
    assert "differs from corpus bundled" in run("show", "bundled").stdout


def test_fetch_fetches_once_unless_forced(folder, monkeypatch):
    result = run("fetch", "web", "bundled")
    assert (result.exit_code, result.stderr) == (0, "fetching web\n")
    first, second = result.stdout.splitlines()
    assert first.startswith("web: fetched 6 bytes from example.org (mind this), to ")
    assert second == "bundled: always here (bundled), nothing to fetch"

    monkeypatch.setattr(Url, "obtain", None)  # cannot be called
    result = run("fetch", "web")
    assert result.exit_code == 0
    assert result.stdout.startswith("web: already here and verified, 6 bytes")
    monkeypatch.setattr(Url, "obtain", lambda self, folder, progress: hello(folder / "file"))
    assert run("fetch", "web", "--force").stdout.startswith("web: fetched")


def test_fetch_of_a_changed_text_asks_for_force(folder):
    run("fetch", "web")
    (folder / "cache/corpora/web/web.txt").write_text("mine\n")
    result = run("fetch", "web")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.endswith("run charrnn corpora fetch --force web\n")
    assert run("fetch", "--force", "web").exit_code == 0
    assert run("verify", "web").exit_code == 0


def test_fetch_that_fails_is_one_line(monkeypatch):
    def offline(self, folder, progress):
        raise CorpusError("no connection")

    monkeypatch.setattr(Url, "obtain", offline)
    result = run("fetch", "web")
    assert (result.exit_code, result.stdout) == (1, "")
    error = "Error: web cannot be fetched: example.org: no connection; these work offline: bundled"
    assert result.stderr.splitlines() == ["fetching web", error]
    assert "did you mean web?" in run("fetch", "wbe").stderr


def test_verify(folder):
    result = run("verify")
    assert (result.exit_code, result.stdout) == (0, f"bundled: correct, sha256 {SHA256}\n")
    run("fetch", "web")
    (folder / "bundled.txt").write_text("hallo\n")
    result = run("verify")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "differs from corpus bundled" in lines[0]
    assert lines[1] == f"web: correct, sha256 {SHA256}"
    result = run("verify", "--json")
    assert result.exit_code == 1
    assert [(each["name"], each["ok"]) for each in json.loads(result.stdout)] == [("bundled", False), ("web", True)]


def test_verifying_a_corpus_that_is_not_here_fails():
    result = run("verify", "web")
    assert (result.exit_code, result.stdout) == (1, "web is not here; run charrnn corpora fetch web\n")


@pytest.mark.parametrize("arguments", [(), ("list",), ("show",), ("fetch",), ("verify",)])
def test_help_ends_in_examples(arguments):
    result = run(*arguments, "--help")
    assert result.exit_code == 0
    assert "Examples:\n  charrnn corpora " in "\n".join(line[2:] for line in result.stdout.splitlines())


@pytest.mark.parametrize("arguments", [("fetch",), ("show",), ("list", "x"), ("nothing",)])
def test_wrong_usage_is_exit_code_2(arguments):
    assert run(*arguments).exit_code == 2
