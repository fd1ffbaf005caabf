"""Checkpoint files: they restore what was saved, and anything else is refused."""

from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from charrnn import files as storage
from charrnn.config import Config
from charrnn.errors import CheckpointError, StorageError
from charrnn.network.shape import Shape
from charrnn.runs import checkpoint
from charrnn.runs.checkpoint import Checkpoint, Progress, TextRecord


def example():
    characters = '\x00\n"ä€😀'
    config = {"cell": "lstm", "hidden_size": 2, "num_layers": 1, "batch_size": 2}
    rng = np.random.default_rng(0)
    shapes = Shape.of(Config(**config), len(characters)).parameters
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return Checkpoint(
        config=config,
        given_by={"cell": "command line"},
        preset=None,
        vocabulary={"characters": characters},
        corpus=TextRecord("x.txt", "x.txt", "ab", 3),
        progress=Progress(step=3, loss_sum=0.1 + 0.2, best_val_loss=1 / 3, schedule={"factor": 0.5}),
        weights=weights,
        moments={"mean": {name: weight * 2 for name, weight in weights.items()}},
        states=[{"h": np.zeros((2, 2), np.float32), "c": np.ones((2, 2), np.float32)}],
    )


def test_round_trip(tmp_path):
    saved = example()
    saved.save(tmp_path / "x.safetensors")
    loaded = checkpoint.load(tmp_path / "x.safetensors")
    assert loaded.config == Config().to_dict() | saved.config  # settings that came later have their defaults
    for name in ("given_by", "preset", "vocabulary", "corpus", "progress"):
        assert getattr(loaded, name) == getattr(saved, name)
    np.testing.assert_equal(loaded.weights, saved.weights)
    np.testing.assert_equal(loaded.moments, saved.moments)
    np.testing.assert_equal(loaded.states, saved.states)


def test_others_may_read_what_the_user_lets_them(tmp_path):
    (tmp_path / "plain").touch()
    example().save(tmp_path / "x.safetensors")
    example().save(tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def unable(*_, **__):
    """Fail as safetensors does where files cannot be written in its way."""
    raise OSError("No such device (os error 19)")


def test_a_disk_on_which_safetensors_cannot_work_is_written_as_bytes(tmp_path, monkeypatch):
    example().save(tmp_path / "usual.safetensors")
    monkeypatch.setattr(checkpoint, "save_file", unable)
    monkeypatch.setattr(Path, "chmod", unable)
    path = tmp_path / "x.safetensors"
    example().save(path)
    assert path.read_bytes() == (tmp_path / "usual.safetensors").read_bytes()
    assert checkpoint.load(path).progress == example().progress
    np.testing.assert_equal(checkpoint.load(path).weights, example().weights)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda whole: whole[:-5], "a damaged one"),
        (lambda whole: whole[:-8] + b"\xff" * 8, "contents have changed"),
        (lambda whole: b"", "a damaged one"),
        (lambda whole: b"\xff" * 8 + whole[8:], "a damaged one"),
    ],
)
def test_what_is_read_is_checked(tmp_path, content, message):
    path = tmp_path / "x.safetensors"
    example().save(path)
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(path)


def test_a_write_that_fails_both_ways_is_one_error(tmp_path, monkeypatch):
    def fail(*_):
        raise SafetensorError("I/O error: no luck")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", fail)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device; free some space"):
        example().save(tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    example().save(path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device; what was there before"):
        example().save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_a_checkpoint_is_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        checkpoint.load(path)
    path.write_bytes(b"not a checkpoint at all")
    with pytest.raises(CheckpointError, match="is not a checkpoint, or a damaged one"):
        checkpoint.load(path)
    save_file({"a": np.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="not one that charrnn wrote"):
        checkpoint.load(path)
    example().save(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CheckpointError, match="is not a checkpoint, or a damaged one"):
        checkpoint.load(path)


def test_a_bad_sector_is_noticed(tmp_path):
    path = tmp_path / "last.safetensors"
    example().save(path)
    example().save(tmp_path / "best.safetensors")
    blob = path.read_bytes()
    path.write_bytes(blob[:-8] + b"\xff" * 8)
    with pytest.raises(CheckpointError, match=r"its contents have changed.*best.safetensors is still there"):
        checkpoint.load(path)


@pytest.mark.parametrize(("broken", "other"), [("last", "best"), ("best", "last")])
def test_the_other_checkpoint_is_named_if_it_is_whole(tmp_path, broken, other):
    path, whole = (tmp_path / f"{name}.safetensors" for name in (broken, other))
    path.write_bytes(b"not a checkpoint at all")
    for content in (None, b"nor this"):
        if content:
            whole.write_bytes(content)
        with pytest.raises(CheckpointError, match="a damaged one") as caught:
            checkpoint.load(path)
        assert "still there" not in str(caught.value)
    example().save(whole)
    with pytest.raises(CheckpointError, match=f"; {whole} is still there: charrnn sample {whole}$"):
        checkpoint.load(path)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    path = tmp_path / "best.safetensors"
    example().save(path)

    def refused(path, *mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(CheckpointError, match=r"best.safetensors cannot be read: Permission denied$"):
        checkpoint.load(path)


def test_another_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", 99)
    example().save(tmp_path / "x.safetensors")
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="has checkpoint format 99; this version reads 2"):
        checkpoint.load(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'\\"step\\": 3', b'\\"step\\": 7'),
        (b'\\"progress', b'\\"prpgress'),
        (b'\\"cell', b'\\"cdll'),
        (b'\\"sha256\\": \\"ab', b'\\"sha256\\": \\"ac'),
    ],
)
def test_a_flipped_bit_of_the_header_is_noticed(tmp_path, was, becomes):
    path = tmp_path / "last.safetensors"
    example().save(path)
    blob = path.read_bytes()
    assert was in blob
    path.write_bytes(blob.replace(was, becomes))
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(path)


def test_a_checkpoint_of_a_newer_version_says_so(tmp_path):
    saved = example()
    saved.config["holographic"] = True
    saved.save(tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match=r"has the setting holographic.*a newer one wrote it"):
        checkpoint.load(tmp_path / "x.safetensors")
