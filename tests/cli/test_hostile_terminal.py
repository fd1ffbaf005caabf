"""On a terminal no name, setting, checkpoint or file controls the terminal, in any command."""

import json
import logging
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from charrnn.cli import main
from tests.support import forged

pty = pytest.importorskip("pty")

EVIL = "\x1b]0;pwn\x07\x1b[2J\x9b31m\u202e\u2066\x85\u2028"
RAW = re.compile("\x1b\\]0;|\x1b\\[2J|\x07|[\x80-\x9f]|[\u2028-\u202e\u2066-\u2069]")
CPU = ("--device", "cpu", "--kernel", "numpy")
TINY = ("--preset", "none", "--hidden-size", "4", "--num-layers", "1", "--batch-size", "4", "--seq-len", "8")
NEW = ("--steps", "4", "--eval-every", "2", "--eval-chars", "50", *TINY, *CPU)
SAMPLE = ("--length", "5", "--seed", "1", *CPU)


def on_terminal(*arguments):
    """What a command writes to a terminal, decoded; the command runs in a fork of this process."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.environ |= {"TERM": "xterm-256color", "COLUMNS": "200", "CXX": "/nowhere/c++"}
            sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
            logging.root.handlers.clear()  # those of pytest
            sys.argv = ["charrnn", *arguments]
            main()
        except SystemExit:
            pass
        finally:
            sys.stdout.flush()
            os._exit(0)
    output = b""
    while True:
        try:
            block = os.read(terminal, 1 << 16)
        except OSError:  # the end, on Linux
            break
        if not block:
            break
        output += block
    os.waitpid(child, 0)
    os.close(terminal)
    return output.decode(errors="replace")


def is_harmless(*arguments):
    shown = on_terminal(*arguments)
    assert "Traceback" not in shown
    found = RAW.search(shown)
    assert not found, (arguments, shown[max(0, found.start() - 80) :][:200])
    for line in re.split("[\r\n]+", re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", shown)):
        if line.startswith("Error: "):
            assert len(line) <= 300
    return shown


@pytest.fixture(autouse=True)
def here(runs, trained):
    shutil.copy(trained / "words.txt", "words.txt")
    Path(f"{EVIL}.txt").write_text("abc def\n" * 100 + EVIL)


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", EVIL),
        ("sample", EVIL),
        ("eval", EVIL),
        ("judge", EVIL),
        ("compare", EVIL),
        ("sweep", EVIL),
        ("corpora", "show", EVIL),
        ("train", EVIL),
        ("train", EVIL + "/x.txt"),
        ("train", "--resume", "--run", EVIL),
        ("train", "words.txt", "--config", EVIL),
        ("train", "words.txt", "--preset", EVIL),
        ("train", "words.txt", "--init-from", EVIL),
        *(("train", "words.txt", f"--{name}", EVIL) for name in ("cell", "device", "kernel", "encoding", "steps")),
        ("train", "words.txt", f"--{EVIL}"),
        (EVIL,),
        ("train", "words.txt", "--cell", EVIL * 500),
        ("train", "a" * 5000),
        ("info", "a" * 5000),
        ("sample", "words", "--prime", EVIL, *SAMPLE),
        ("sample", "words", "--stop", EVIL, *SAMPLE),
        ("sample", "words", "--temp", EVIL),
        ("train", f"{EVIL}.txt", "--run", "e", *NEW),
        ("train", f"{EVIL}.txt", "--run", "e", "--json", *NEW),
        ("train", ".", "--glob", EVIL),
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[:40],
)
def test_what_is_typed(arguments):
    is_harmless(*arguments)


def test_names_of_runs_and_texts():
    evil = f"runs/x{EVIL}"
    is_harmless("train", f"{EVIL}.txt", "--run", evil, *NEW)
    for arguments in (
        ("info",),
        ("info", evil),
        ("info", evil, "--json"),
        ("sample", evil, *SAMPLE),
        ("sample", evil, "--json", *SAMPLE),
        ("eval", evil, *CPU),
        ("eval", evil, "--per-line", *CPU),
        ("judge", evil, "-n", "2", "--length", "30", *CPU),
        ("compare", "runs/"),
        ("train", f"{EVIL}.txt", "--run", evil, *NEW),
        ("train", "--resume", "--run", evil, "--steps", "6", *CPU),
        ("sample", "nowhere"),
    ):
        is_harmless(*arguments)
    Path(evil, "last.safetensors").write_bytes(b"x")
    for arguments in (("compare", "runs/"), ("info", f"{evil}/last.safetensors"), ("train", "--resume", "--run", evil)):
        is_harmless(*arguments)


FIELDS = [
    ("preset",),
    ("corpus", "description"),
    ("corpus", "argument"),
    ("corpus", "sha256"),
    ("origins", "seed"),
    ("progress", "ended"),
    ("config", "encoding"),
    ("config", "cell"),
    ("config", EVIL),
    ("origins", EVIL),
    ("format",),
    ("vocabulary", "characters"),
    ("progress", "schedule"),
]


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ascii(".".join(path)))
def test_fields_of_a_checkpoint(path):
    values, tensors = forged.unpack("runs/words/last.safetensors")
    inner = values
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = EVIL
    for name in ("last", "best"):
        forged.pack(f"runs/words/{name}.safetensors", values, tensors)
    Path("runs/words/tokens.bin").unlink()
    for arguments in (
        ("info", "words"),
        ("info", "words", "--json"),
        ("compare", "words", "raw"),
        ("sample", "words", *SAMPLE),
        ("eval", "words", *CPU),
        ("train", "--resume", "--run", "runs/words", "--steps", "61", *CPU),
        ("train", "words.txt", "--init-from", "words", "--run", "n", *CPU, "--steps", "2"),
    ):
        is_harmless(*arguments)


def test_names_of_tensors():
    values, tensors = forged.unpack("runs/words/last.safetensors")
    for name in (EVIL, f"state.{EVIL}.h", f"optimizer.{EVIL}.x"):
        forged.pack("runs/words/last.safetensors", values, {name: tensors["head.bias"]} | tensors)
        is_harmless("info", "runs/words/last.safetensors")


def test_metrics_and_yaml():
    Path("runs/words/metrics.jsonl").write_text(json.dumps({"step": EVIL, "epoch": 1, EVIL: 1}) + "\n" + EVIL + "\n")
    is_harmless("info", "words")
    is_harmless("compare", "words")
    quoted = json.dumps(EVIL)
    for text in (f"{quoted}: 1", f"cell: {quoted}", f"seed: [{quoted}]", f"? !<{EVIL.encode()!r}> x", EVIL):
        Path("x.yaml").write_text(text)
        is_harmless("train", "words.txt", "--config", "x.yaml")
        Path(f"{EVIL}.yaml").write_text(f"corpus: words.txt\ngrid: {{{text}}}\n")
        is_harmless("sweep", f"{EVIL}.yaml", "--print-commands")
    Path(f"{EVIL}.yaml").write_text("corpus: words.txt\ngrid:\n  seed: [1, 2]\n")
    is_harmless("sweep", f"{EVIL}.yaml", "--print-commands")
