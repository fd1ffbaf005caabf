"""Downloading a file from a server or through a package client, and every way in which that can fail."""

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from charrnn.catalogue import download
from charrnn.catalogue.download import run_client
from charrnn.errors import CorpusError

TEXT = b"two words\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(TEXT) + 5 * (self.path == "/short")))
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_download_reports_progress(server, tmp_path):
    seen = []
    download.download(f"{server}/x", tmp_path / "x", limit=100, progress=lambda *pair: seen.append(pair))
    assert (tmp_path / "x").read_bytes() == TEXT
    assert seen[-1] == (len(TEXT), len(TEXT))


@pytest.mark.parametrize(
    ("path", "limit", "reason"),
    [
        ("/missing", 100, "the server answers 404"),
        ("/short", 100, "closed early; 5 bytes are missing"),
        ("/x", 3, "larger than its limit of 3 bytes"),
    ],
)
def test_download_refuses(server, tmp_path, path, limit, reason):
    with pytest.raises(CorpusError, match=reason):
        download.download(server + path, tmp_path / "x", limit=limit)


def test_a_missing_connection_is_reported(tmp_path):
    with pytest.raises(CorpusError, match=r"^no connection \(Connection refused\)$"):
        download.download("http://127.0.0.1:1/x", tmp_path / "x", limit=9)


def test_a_slow_download_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TOTAL_TIMEOUT", -60)
    with pytest.raises(CorpusError, match="not complete after"):
        download.download(f"{server}/x", tmp_path / "x", limit=100)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_client_runs_in_the_folder(tmp_path):
    run_client(python("open('x.whl', 'w').write('abc')"), tmp_path, limit=10)
    assert (tmp_path / "x.whl").read_text() == "abc"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["/no/such/apt-get"], "/no/such/apt-get cannot be started"),
        (python("print('E: no such package\\n'); raise SystemExit(3)"), "^no such package$"),
        (python("raise SystemExit(3)"), "failed with exit code 3"),
        (python("import time; open('x', 'w').write('abcd'); time.sleep(60)"), "larger than its limit of 3 bytes"),
    ],
)
def test_a_client_that_fails_gives_its_reason(tmp_path, command, reason):
    start = time.monotonic()
    with pytest.raises(CorpusError, match=reason):
        run_client(command, tmp_path, limit=3)
    assert time.monotonic() - start < 30  # a client that keeps running is stopped
