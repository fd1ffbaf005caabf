"""From a sweep to runs and the commands that train them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn.cli import cli
from charrnn.config import Config
from charrnn.errors import ConfigError
from charrnn.network.shape import Shape
from charrnn.runs import checkpoint
from charrnn.runs.run import Run
from charrnn.search.plan import Sweep
from charrnn.search.trials import Trial, hidden_size, make_trials


def trials(*points, base=None, preset="none", corpus="text.txt"):
    return make_trials(Sweep(corpus, preset, base or {}, points), Path("runs/s"))


def test_a_folder_is_called_after_what_differs():
    found = trials({"cell": "gru", "learning_rate": 0.001}, {"glob": "**/*.py"}, {"glob": "x" * 300})
    names = [trial.run.folder.name for trial in found]
    assert names[:2] == ["cell=gru,learning_rate=0.001", "glob=-.py"]
    assert len(names[2]) < 220


def test_a_command_has_all_that_the_sweep_says_and_no_more():
    (trial,) = trials({"learning_rate": 1e-5, "bytes": True}, base={"epochs": 2.5})
    assert trial.command() == [
        "train",
        "text.txt",
        "--preset",
        "none",
        "--run",
        "runs/s/learning_rate=1e-05,bytes=True",
        "--epochs",
        "2.5",
        "--learning-rate",
        "1e-05",
        "--bytes",
    ]
    (trial,) = trials({"cell": "lstm"}, preset="lines")
    assert trial.command("cpu", "numpy") == [
        "train",
        "text.txt",
        "--preset",
        "lines",
        "--run",
        "runs/s/cell=lstm",
        "--device",
        "cpu",
        "--kernel",
        "numpy",
        "--cell",
        "lstm",
    ]


@pytest.mark.parametrize(
    ("kind", "base", "split", "separator"),
    [
        (None, {}, "contiguous", ""),
        ("list", {}, "unique-lines", ""),
        ("list", {"split": "lines"}, "lines", ""),
        ("records", {}, "unique-lines", "\n\n"),
        (None, {"separator": "%"}, "unique-lines", "%"),
        ("records", {"separator": "%", "split": "contiguous"}, "contiguous", "%"),
    ],
)
def test_a_trial_takes_its_text_for_what_training_does(kind, base, split, separator):
    Path("text.txt").write_text("one line\n\nanother\n\nand % more\n" * 30)
    sweep = Sweep("text.txt", "none", base | {"steps": 1, "hidden_size": 4}, ({"seed": 3},), kind=kind)
    (trial,) = make_trials(sweep, Path("runs/s"))
    assert (trial.config.split, trial.config.separator) == (split, separator)
    command = trial.command("cpu", "numpy")
    assert CliRunner().invoke(cli, command).exit_code == 0
    assert trial.is_finished()  # with the settings that the trial expects
    assert ("--as" in command) == bool(kind)


def test_a_point_wins_over_the_base_and_the_same_one_is_there_once():
    found = trials({"cell": "lstm", "steps": 3}, {"cell": "lstm", "steps": 3}, base={"cell": "gru", "minutes": 1})
    assert [trial.settings for trial in found] == [{"cell": "lstm", "steps": 3}]


@pytest.mark.parametrize("cell", ["tanh", "relu", "gru", "lstm"])
@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("parameters", [80_000, 300_000, 1_000_000])
def test_no_other_size_comes_nearer_to_the_parameters(cell, num_layers, parameters):
    config = Config(cell=cell, num_layers=num_layers)
    units = hidden_size(parameters, config, 65)
    nearest = min(range(1, 1000), key=lambda size: abs(Shape(cell, 65, size, num_layers).size - parameters))
    assert units == nearest
    assert abs(Shape(cell, 65, units, num_layers).size / parameters - 1) < 0.02


def test_parameters_count_the_symbols_that_are_left():
    Path("rare.txt").write_text("abc\n" * 9 + "ÄÖÜäöüß" + "e\u0301" * 9)
    for settings, size in (({}, 13), ({"normalize": "nfc"}, 12), ({"normalize": "nfc", "vocab_min": 2}, 6)):
        (trial,) = trials({"parameters": 5000} | settings, corpus="rare.txt")
        assert trial.settings == {"hidden_size": hidden_size(5000, Config(), size)} | settings


def test_parameters_count_the_characters_of_the_text_and_the_layers_of_a_preset():
    Path("text.txt").write_text("abcdefg\n")
    (trial,) = trials({"parameters": 5000}, base={"cell": "gru"})
    assert trial.settings == {"cell": "gru", "hidden_size": hidden_size(5000, Config(cell="gru"), 8)}
    (trial,) = trials({"parameters": 5000}, preset="lines")  # of one layer
    assert trial.settings == {"hidden_size": hidden_size(5000, Config(num_layers=1), 8)}
    (trial,) = trials({"parameters": 50_000, "bytes": True})
    assert trial.settings["hidden_size"] == hidden_size(50_000, Config(), 256)


def test_settings_that_cannot_go_together():
    with pytest.raises(ConfigError, match="hidden_size and parameters both"):
        trials({"parameters": 5000}, base={"hidden_size": 8})
    with pytest.raises(ConfigError, match="preset 'nosuch' is not one of"):
        trials({"cell": "gru"}, preset="nosuch")
    with pytest.raises(ConfigError, match=r"^preset 'names' is called lines now$"):
        trials({"cell": "gru"}, preset="names")
    with pytest.raises(ConfigError, match="10 parameters are too few: lstm 2x1 has"):
        hidden_size(10, Config(), 65)


@pytest.mark.parametrize(
    ("base", "preset", "budget"),
    [
        ({"epochs": 2.5}, "none", "2.5 epochs"),
        ({"steps": 1}, "none", "1 step"),
        ({}, "none", "3 minutes"),
        ({}, "medium", "20 minutes"),
    ],
)
def test_how_long_a_trial_is_trained(base, preset, budget):
    assert [trial.budget for trial in trials({"seed": 1}, base=base, preset=preset)] == [budget]
    assert [trial.budget for trial in trials({"steps": 7}, base=base, preset=preset)] == ["7 steps"]


@pytest.mark.parametrize("file", ["config.yaml", "last.safetensors"])
def test_the_folder_of_a_run_is_no_place_for_a_sweep(file):
    path = Path("runs/s") / file
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(
        ConfigError, match="runs/s is the folder of a run, not of a sweep; choose another with --folder DIR"
    ):
        trials({"cell": "gru"})


def test_an_existing_trial_is_finished_or_resumes_or_is_another(runs):
    run = Run(Path("runs/words"))
    saved = checkpoint.load(run.last)
    corpus, config = saved.corpus.argument, Config(**saved.config)
    trial = Trial(run, corpus, "none", {}, config.replace(batch_size=9))  # a short text can have made it less
    assert trial.is_finished()
    saved.progress.ended = None
    saved.save(run.last)
    assert not trial.is_finished()
    assert trial.command() == ["train", "--resume", "--run", "runs/words"]
    with pytest.raises(ConfigError, match="runs/words was made with hidden_size 16, not 17; --folder DIR"):
        Trial(run, corpus, "none", {}, config.replace(hidden_size=17)).is_finished()
    with pytest.raises(ConfigError, match="was made with corpus"):
        Trial(run, "other.txt", "none", {}, config).is_finished()


def test_a_text_can_choose_what_a_trial_holds_out(runs):
    run = Run(Path("runs/words"))
    saved = checkpoint.load(run.last)
    corpus, config = saved.corpus.argument, Config(**saved.config)
    saved.config |= {"split": "blocks", "test": "by-name"}
    saved.save(run.last)
    assert Trial(run, corpus, "none", {}, config).is_finished()
    for settings in ({"split": "contiguous"}, {"split": "lines"}, {"test": ""}, {"test": "t.txt"}):
        with pytest.raises(ConfigError, match=r"was made with (split blocks|test by-name), not"):
            Trial(run, corpus, "none", settings, config.replace(**settings)).is_finished()


@pytest.mark.parametrize("typed", ["\n\n", r"\n\n", "\r\n\r\n"])
def test_a_separator_may_be_understood_in_another_way(runs, typed):
    run = Run(Path("runs/words"))
    saved = checkpoint.load(run.last)
    corpus, config = saved.corpus.argument, Config(**saved.config)
    saved.config |= {"separator": "\r\n\r\n"}
    saved.save(run.last)
    assert Trial(run, corpus, "none", {"separator": typed}, config.replace(separator=typed)).is_finished()
    with pytest.raises(ConfigError, match="was made with separator"):
        Trial(run, corpus, "none", {"separator": "%"}, config.replace(separator="%")).is_finished()


def test_a_trial_that_stopped_before_its_first_checkpoint_begins_anew():
    (trial,) = trials({"cell": "gru"})
    trial.run.folder.mkdir(parents=True)
    trial.run.metrics.write_text("")
    assert not trial.is_finished()
    assert trial.command()[:2] == ["train", trial.corpus] and "--force" not in trial.command()
