"""Runs whose files are damaged, and runs that diverge."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from charrnn.errors import CharrnnError
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.text.tokens import load_tokens
from charrnn.text.vocabulary import Vocabulary
from charrnn.training.divergence import Limits
from tests.torture.crashes import BASE, TEXT, Case
from tests.torture.process import Ended, charrnn_command

Damage = Callable[[bytes], bytes]

FILES = ("last.safetensors", "best.safetensors", "metrics.jsonl", "config.yaml", "tokens.bin", "tokens.json", "lock")
DAMAGES: dict[str, Damage | None] = {
    "half": lambda blob: blob[: len(blob) // 2],
    "one byte short": lambda blob: blob[:-1],
    "one byte long": lambda blob: blob + b"\0",
    "zeros": lambda blob: bytes(len(blob)),
    "zeros at the end": lambda blob: blob[: len(blob) // 2].ljust(len(blob), b"\0"),
    "zeros at the start": lambda blob: blob[len(blob) // 2 :].rjust(len(blob), b"\0"),
    "empty": lambda blob: b"",
    "a bit": lambda blob: flipped(blob, len(blob) * 2 // 3),
    "the first bit": lambda blob: flipped(blob, 0),
    "all ones": lambda blob: b"\xff" * len(blob),
    "noise": lambda blob: random.Random(1).randbytes(len(blob)),
    "a number": lambda blob: b"5\n",
    "a list": lambda blob: b"[]\n",
    "an object": lambda blob: b"{}\n",
    "gone": None,
}
COMMANDS = {
    "resume": "train --resume --kernel numpy --steps 10 --run",
    "sample": "sample --kernel numpy --length 5 --seed 1",
    "eval": "eval --kernel numpy",
    "info": "info",
    "compare": "compare",
}
BAD_LINES = (b"x", b"\xff", b"5", b"[]", b"{}", b"null", bytes(60), b"[" * 50_000, b'{"step": 2}', b'{"step": NaN}')


def flipped(blob: bytes, index: int) -> bytes:
    """A copy with another bit at `index`."""
    return blob[:index] + bytes([blob[index] ^ 1]) + blob[index + 1 :] if blob else blob


class Patient:
    """A run whose copies are damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "c.txt").write_text(TEXT)

    @cached_property
    def whole(self) -> Path:
        """The folder of the run, as it was trained."""
        ended = self.call(["train", "c.txt", *BASE, "--run", "whole"])
        assert ended.code == 0, ended.error
        return self.folder / "whole"

    def copy(self) -> Path:
        """The folder of a copy; it replaces the one before."""
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        return Path(shutil.copytree(self.whole, self.folder / "copy"))

    def call(self, arguments: list[str]) -> Ended:
        """Run a command beside the runs."""
        return charrnn_command(arguments, self.folder, within=self.folder / "none")

    @property
    def vocabulary(self) -> Vocabulary:
        """The characters of the run."""
        return Vocabulary.from_dict(checkpoint.load(self.whole / "last.safetensors").vocabulary)


def damaged(
    patient: Patient, files: Sequence[str], damages: Sequence[str], commands: Sequence[str] = tuple(COMMANDS)
) -> Iterator[Case]:
    """Damage each file in each way, and run each command."""
    for name in files:
        for damage in damages:
            for command in commands:
                run, change = patient.copy(), DAMAGES[damage]
                if change:
                    (run / name).write_bytes(change((run / name).read_bytes()))
                else:
                    (run / name).unlink()
                ended = patient.call([*COMMANDS[command].split(), "copy"])
                failure = "" if ended.is_clean else f"ended with {ended.code}: {ended.error[-300:]}"
                if command == "resume" and ended.code == 0 and not failure:
                    failure = unreadable(Run(run))
                yield Case(f"{name}: {damage}: {command}", failure)


def unreadable(run: Run) -> str:
    """What is wrong with a run that was resumed: nothing damaged may have a good name."""
    try:
        for path in filter(Path.exists, (run.last, run.best)):
            checkpoint.load(path)
    except CharrnnError as error:
        return str(error)
    vocabulary = Vocabulary.from_dict(checkpoint.load(run.last).vocabulary)
    return "" if load_tokens(run.folder, vocabulary) else "its text is damaged"


def bad_lines(
    patient: Patient, lines: Sequence[bytes], commands: Sequence[str] = ("info", "compare", "resume")
) -> Iterator[Case]:
    """Put a bad line in each place of the metrics; --resume keeps it, and all others."""
    for bad in lines:
        for place in range(5):
            run = patient.copy()
            before = (run / "metrics.jsonl").read_bytes().splitlines()
            before.insert(place, bad)
            (run / "metrics.jsonl").write_bytes(b"\n".join(before) + b"\n")
            for command in commands:
                ended = patient.call([*COMMANDS[command].split(), "copy"])
                after = (run / "metrics.jsonl").read_bytes().splitlines()
                told = ended.code == 0 and f"skipped line {place + 1}" in ended.error
                kept = after[: len(before)] == before
                failure = "" if told and kept else f"ended with {ended.code}, kept {kept}: {ended.error[-300:]}"
                yield Case(f"{bad[:20]!r} in place {place}: {command}", failure)


def damaged_texts(patient: Patient, seeds: Sequence[int]) -> Iterator[Case]:
    """Change bytes of the encoded text at random; it is never opened."""
    whole, vocabulary = (patient.whole / "tokens.bin").read_bytes(), patient.vocabulary
    for seed in seeds:
        draws, run = random.Random(seed), patient.copy()
        start = draws.randrange(len(whole))
        length = draws.choice((1, 1, 8, 64, 512))
        part = draws.choice((bytes(length), b"\xff" * length, draws.randbytes(length)))
        changed = (whole[:start] + part + whole[start + length :])[: len(whole)]
        (run / "tokens.bin").write_bytes(changed)
        opened = load_tokens(run, vocabulary) is not None
        yield Case(f"text {seed}", "" if opened == (changed == whole) else f"bytes from {start} are not noticed")


def exploding(patient: Patient, cells: Sequence[str], rates: Sequence[float]) -> Iterator[Case]:
    """Train at rates that are far too high; what is called best must be better than guessing, more or less."""
    limit = Limits(patient.vocabulary.size).limit
    for cell in cells:
        for rate in rates:
            for optimizer in ("adam --grad-clip 5", "sgd --grad-clip 0"):
                shutil.rmtree(patient.folder / "wild", ignore_errors=True)
                settings = f"--cell {cell} --learning-rate {rate} --optimizer {optimizer} --steps 40 --eval-every 8"
                ended = patient.call(["train", "c.txt", *BASE, *settings.split(), "--run", "wild"])
                best = patient.folder / "wild" / "best.safetensors"
                loss = checkpoint.load(best).progress.best_val_loss if best.exists() else None
                failure = "" if ended.is_clean else f"ended with {ended.code}: {ended.error[-300:]}"
                if loss is not None and loss > limit:
                    failure = f"a loss of {loss} is the best"
                yield Case(settings, failure)
