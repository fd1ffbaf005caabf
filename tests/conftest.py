"""Every test runs in a folder of its own; a few find a small trained run in it."""

import shutil
import signal

import pytest

from charrnn.session import TrainRequest, prepare
from charrnn.training.trainer import Trainer
from tests.support.training import TEXT

WORDS = ("an", "ant", "bat", "cat", "eat", "hat", "net", "tan", "tea", "ten")
TINY = {"hidden_size": 16, "num_layers": 1, "seq_len": 16, "batch_size": 8, "learning_rate": 0.02, "seed": 3}


def pytest_configure(config):
    """Let Ctrl-C end the programs that tests start: a shell ignores it for what it runs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Nothing is read from or written to the user's folders."""
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "cache"))
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def text(tmp_path):
    """A file with the text of `tests.support.training`."""
    path = tmp_path / "fox.txt"
    path.write_text(TEXT)
    return str(path)


def train(text, run, **settings):
    """Train a tiny model on the file `text` into the folder `run`."""
    session = prepare(TrainRequest((str(text),), TINY | settings, "none", run=str(run), device="cpu", kernel="numpy"))
    return list(Trainer(session.setup).run())


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with the runs `words`, lines of short words, and `raw`, bytes of characters of one to four bytes."""
    folder = tmp_path_factory.mktemp("trained")
    words, raw = folder / "words.txt", folder / "raw.txt"
    words.write_text("".join(f"{first}\n{second}\n" for first in WORDS for second in WORDS), encoding="utf-8")
    raw.write_text("aé€𝄞\n" * 60, encoding="utf-8")
    train(words, folder / "runs" / "words", steps=60, eval_every=20)
    train(raw, folder / "runs" / "raw", steps=150, bytes=True)
    return folder


@pytest.fixture
def runs(trained, tmp_path):
    """The folder `runs` of the test, with the trained runs; `words` is the newest."""
    for name in ("raw", "words"):
        shutil.copytree(trained / "runs" / name, tmp_path / "runs" / name, copy_function=shutil.copy)
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def trained_pairs(tmp_path_factory):
    """A folder with the run `pairs`: records of two words, each in its own line, with an empty line between records."""
    folder = tmp_path_factory.mktemp("pairs")
    pairs = folder / "pairs.txt"
    pairs.write_text("".join(f"+{first}\n-{second}\n\n" for first in WORDS for second in WORDS), encoding="utf-8")
    train(pairs, folder / "runs" / "pairs", steps=120, separator="\n\n")
    return folder / "runs" / "pairs"


@pytest.fixture
def pairs(trained_pairs, tmp_path):
    """The folder of the run `pairs`, in `runs`."""
    return shutil.copytree(trained_pairs, tmp_path / "runs" / "pairs", copy_function=shutil.copy)
