"""New runs: the folders they may use, and the settings that they get."""

import errno
import logging
import os

import pytest

from charrnn import presets
from charrnn.errors import CharrnnError, ConfigError, Unsupported
from charrnn.kernels import choice as kernels
from charrnn.runs import checkpoint
from charrnn.session import TrainRequest, prepare
from charrnn.training.events import Saved
from charrnn.training.trainer import Trainer
from tests.support.disks import without_locks
from tests.support.training import SMALL, TEXT, setup, sha256, told, train


def test_an_existing_run_is_refused_or_moves_aside(text, tmp_path):
    run = tmp_path / "run"
    train(text, SMALL | {"steps": 3}, run=str(run))
    before = sha256(run / "last.safetensors")
    with pytest.raises(CharrnnError, match=r"holds a run; --resume .* --force"):
        train(text, SMALL, run=str(run))
    assert sha256(run / "last.safetensors") == before
    train(text, SMALL | {"steps": 4}, run=str(run), force=True)
    assert sha256(tmp_path / "run.old" / "last.safetensors") == before
    assert checkpoint.load(run / "last.safetensors").progress.step == 4


def test_runs_that_moved_aside_are_counted(text):
    for number, more in enumerate(["", "", "; 1 older run beside it is kept", "; 2 older runs beside it are kept"]):
        session = prepare(
            TrainRequest((text,), SMALL, "none", run="runs/x.y", device="cpu", kernel="numpy", force=True)
        )
        session.setup.run.last.touch()
        session.setup.lock.release()
        told = [notice.text for notice in session.notices if "that was there" in notice.text]
        old = f"runs/x.y.old{number if number > 1 else ''}"
        assert told == (
            [f"the run that was there is now {old}{more}{' until you remove them' if more else ''}"] * (number > 0)
        )


def test_a_preset_for_a_gpu_is_noted_on_a_cpu(text):
    def told(preset):
        session = prepare(TrainRequest((text,), SMALL, preset, run=f"runs/{preset}", device="cpu", kernel="numpy"))
        return [notice.text for notice in session.notices if "sized for a GPU" in notice.text]

    assert told("gpu") == ["preset gpu is sized for a GPU, and this is a CPU: --preset long suits one"]
    assert told("long") == []


def test_forced_runs_never_delete_an_older_one(text, tmp_path):
    for _ in range(3):
        train(text, SMALL | {"steps": 1}, run=str(tmp_path / "run"), force=True)
    assert {path.name for path in tmp_path.glob("run*")} == {"run", "run.old", "run.old2"}


@pytest.mark.parametrize("force", [False, True])
def test_a_run_without_a_checkpoint_starts_anew_and_says_so(text, tmp_path, force):
    run = tmp_path / "run"
    train(text, SMALL, run=str(run))
    whole, metrics = sha256(run / "last.safetensors"), (run / "metrics.jsonl").read_text().count("\n")
    for name in ("last", "best"):  # as after a crash in the first save
        (run / f"{name}.safetensors").unlink()
    again = rf"the run {run} has no checkpoint; charrnn train CORPUS --run {run} starts it anew$"
    with pytest.raises(CharrnnError, match=again):
        setup(None, {}, run=str(run), resume=True)
    session = setup(text, SMALL, run=str(run), force=force)
    assert told(session) == [f"the run in {run} ended before its first checkpoint; it starts anew"]
    list(session.run(lambda: False))
    assert sha256(run / "last.safetensors") == whole
    assert (run / "metrics.jsonl").read_text().count("\n") == metrics
    assert not (tmp_path / "run.old").exists()


def test_a_folder_with_other_files_is_no_place_for_a_run(text, tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "thesis.tex").write_text("years of work")
    for force in (False, True):
        with pytest.raises(CharrnnError, match=r"project holds other files \(thesis.tex\), but not a run"):
            train(text, SMALL, run=str(tmp_path / "project"), force=force)
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["thesis.tex"]


def test_a_run_in_training_is_left_alone(text, tmp_path):
    run = tmp_path / "run"
    trainer = Trainer(setup(text, SMALL, run=str(run)).setup)
    events = trainer.run()
    while not isinstance(next(events), Saved):
        pass
    for changes in ({"resume": True}, {"force": True}):
        with pytest.raises(CharrnnError, match=rf"run is in use by process {os.getpid()}"):
            setup(text, SMALL if "force" in changes else {}, run=str(run), **changes)
    assert list(events)[-1].reason == "done"
    train(None, {"steps": 41}, run=str(run), resume=True)


def test_runs_begin_and_resume_where_locks_do_not_work(text, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    without_locks(monkeypatch, errno.ENOSYS)
    run = tmp_path / "run"
    train(text, SMALL | {"steps": 1}, run=str(run))
    train(text, SMALL | {"steps": 2}, run=str(run), force=True)
    train(None, {"steps": 3}, run=str(run), resume=True)
    assert checkpoint.load(run / "last.safetensors").progress.step == 3
    assert "".join(caplog.messages).count("locks do not work in") == 1


def test_a_chosen_preset_has_its_precision(text, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "choose", lambda size, **about: ("gpu", "a test"))
    monkeypatch.setattr(presets, "load_preset", lambda name: {"precision": "bf16"} if name == "gpu" else {})
    monkeypatch.setattr(kernels, "CPU_INFO", tmp_path / "nowhere")
    with pytest.raises(Unsupported, match="bf16 needs a processor with AVX512_BF16, which this one lacks"):
        prepare(TrainRequest((text,), SMALL, run=str(tmp_path / "run"), device="cpu"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dropout": 0.5, "num_layers": 1}, "dropout acts between layers and has no effect with one layer"),
        (
            {"patience": 2, "val_fraction": 0},
            "patience and the schedule plateau have no effect without held-out text",
        ),
        ({"schedule": "plateau", "val_fraction": 0}, "patience and the schedule plateau have no effect"),
        ({"dropout": 0.5, "dropout_output": 0.1}, None),
        ({"patience": 2}, None),
    ],
)
def test_settings_without_effect_are_reported(text, tmp_path, changes, said):
    notices = told(setup(text, SMALL | changes, run=str(tmp_path / "run")))
    assert any(notice.startswith(said) for notice in notices) if said else not notices


def test_a_short_text_shrinks_the_batch_and_says_so(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("hello world, " * 12)
    session = setup(str(path), SMALL | {"batch_size": 50}, run=str(tmp_path / "run"))
    assert session.setup.config.batch_size == 13
    assert any("batch_size is 13, not 50" in notice.text for notice in session.notices)
    with pytest.raises(ConfigError, match=r"too short for split interleaved with batch_size 50; use 15 or less"):
        setup(str(path), SMALL | {"batch_size": 50, "split": "interleaved"}, run=str(tmp_path / "cut"))


def test_too_little_to_learn_from_is_reported(text, tmp_path):
    notices = [each.text for each in setup(text, SMALL, run=str(tmp_path / "run")).notices]
    assert notices == ["783 characters are too few to learn from; the network will learn them by heart"]
    (tmp_path / "twice.txt").write_text(TEXT * 2)
    assert setup(str(tmp_path / "twice.txt"), SMALL, run=str(tmp_path / "twice")).notices == []


def test_too_little_held_out_text_is_reported(tmp_path):
    (tmp_path / "tiny.txt").write_text("to be or not to be, that is\n")
    session = setup(str(tmp_path / "tiny.txt"), SMALL, run=str(tmp_path / "run"))
    assert "only 3 characters are held out: the validation loss is unreliable" in [
        each.text for each in session.notices
    ]


def test_dropout_that_drops_nothing_is_reported(text, tmp_path):
    session = setup(text, SMALL | {"dropout_output": 0.001}, run=str(tmp_path / "run"))
    assert told(session) == ["dropout_output 0.001 drops nothing: it is rounded to steps of 1/256"]


@pytest.mark.parametrize("setting", [{"encoding": "latin-1"}, {"normalize": "nfd"}, {"vocab_min": 2}])
def test_bytes_have_no_encoding_form_or_unknown_symbol(text, tmp_path, setting):
    session = setup(text, SMALL | {"bytes": True} | setting, run=str(tmp_path / "run"))
    told_once = "bytes are read as they are: encoding, errors, normalize and vocab_min have no effect"
    assert told(session) == [told_once]


@pytest.mark.parametrize("split", ["lines", "unique-lines"])
def test_shuffled_lines_are_reported(text, tmp_path, split):
    session = setup(text, SMALL | {"split": split}, run=str(tmp_path / "run"))
    (said,) = told(session)
    assert said.startswith(f"taken for a list by --split {split}: lines are shuffled, and 10% of the")


def test_a_cell_without_kernels_says_why_it_is_not_faster(text, tmp_path):
    session = setup(text, SMALL | {"cell": "peephole"}, run=str(tmp_path / "run"), kernel="numpy")
    assert session.started.why_not_faster == "NumPy time loop: peephole has none"
    session = setup(text, SMALL | {"cell": "ugrnn"}, run=str(tmp_path / "other"), kernel="numpy")
    assert session.started.why_not_faster is None
