"""Settings: limits, precedence, names."""

from pathlib import Path

import pytest

from charrnn import presets
from charrnn.cells.registry import CELLS
from charrnn.cli.naming import naming_options, option_of
from charrnn.config import SETTINGS, Config, resolve
from charrnn.errors import ConfigError, OptionError, SettingError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_size": 0}, "hidden_size must be at least 1, not 0"),
        ({"hidden_size": 1.5}, "hidden_size must be a whole number, not 1.5"),
        ({"hidden_size": "big"}, "hidden_size must be a whole number, not 'big'"),
        ({"hidden_size": True}, "hidden_size must be a whole number, not True"),
        ({"dropout": 1.0}, "dropout must be at most 0.95, not 1"),
        ({"learning_rate": 0}, "learning_rate must be above 0, not 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be finite, not nan"),
        ({"cell": "lstn"}, f"cell 'lstn' is not one of {', '.join(CELLS)}; did you mean lstm?"),
        ({"bytes": "yes"}, "bytes must be true or false, not 'yes'"),
        ({"batch_ramp": 6}, "batch_ramp must be a power of 2, not 6: the batch doubles"),
        (
            {"batch_ramp": 2, "split": "interleaved"},
            "batch_ramp cannot be combined with split interleaved, which holds out the end of each stream and "
            "therefore needs a fixed number of streams; leave one of them out",
        ),
        ({"epochs": 1, "steps": 2}, "epochs and steps each limit the length of the run; give only one"),
    ],
)
def test_bad_values_say_what_is_wrong(settings, message):
    with pytest.raises(ConfigError) as caught:
        Config(**settings)
    assert str(caught.value) == message


def test_an_unknown_setting_names_the_nearest_one():
    with pytest.raises(ConfigError, match=r"my.yaml: there is no setting 'hiden_size'; did you mean hidden_size\?"):
        resolve(("my.yaml", {"hiden_size": 3}))


def test_higher_sources_win_and_are_remembered():
    config, origins = resolve(("preset x", {"hidden_size": 64, "cell": "gru"}), ("command line", {"hidden_size": 32}))
    assert (config.hidden_size, config.cell, config.seq_len) == (32, "gru", Config.seq_len)
    assert origins == {"hidden_size": "command line", "cell": "preset x"}


def test_a_budget_replaces_that_of_a_lower_source():
    config, origins = resolve(("preset x", {"minutes": 1}), ("command line", {"epochs": 2}))
    assert (config.minutes, config.epochs) == (None, 2) and origins == {"epochs": "command line"}
    assert resolve()[0].minutes == 3
    assert config.replace(steps=5).epochs is None


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_valid_and_says_what_it_is_for(name):
    settings = presets.load_preset(name)
    assert Config(**settings) and presets.describe(name)


def test_an_unknown_preset_lists_them():
    with pytest.raises(ConfigError, match="preset 'nams' is not one of gpu, lines, long, medium, none, quick"):
        presets.load_preset("nams")


@pytest.mark.parametrize(
    ("former", "name"), [("names", "lines"), ("shakespeare", "medium"), ("linux", "long"), ("large", "gpu")]
)
def test_the_former_name_of_a_preset_gives_the_new_one(former, name):
    with pytest.raises(ConfigError, match=f"^preset '{former}' is called {name} now$"):
        presets.load_preset(former)
    assert name in presets.names()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden_size: [\n", "my.yaml is not valid YAML: line 1 is not `setting: value`: 'hidden_size: ['"),
        ("seed: 1\n\nDear reader\n\nseed: 2\n", "line 3 is not `setting: value`: 'Dear reader'"),
        ("Dear reader\nseed: 1\n", "line 1 is not `setting: value`: 'Dear reader'"),
        ("seed: 1\nseed: 2: 3\n", "line 2 is not `setting: value`: 'seed: 2: 3'"),
        ("seed: 1\n- 2\n", "line 2 is not `setting: value`: '- 2'"),
        ("cell: 'lstm\nseed: 2\n", 'line 1 is not `setting: value`: "cell: \'lstm"'),
        ("se\0ed: 1", "it contains the control character U+0000"),
        ("just text", "does not consist of `setting: value` lines"),
        ("", "my.yaml is empty"),
        ("hidden_size: abc", "my.yaml: hidden_size must be a whole number, not 'abc'"),
        ("hiddensize: 3", "there is no setting 'hiddensize'; did you mean hidden_size?"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (None, "cannot be read: No such file"),
    ],
)
def test_bad_configuration_files(tmp_path, text, message):
    path = tmp_path / "my.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        presets.load_file(path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_every_setting_has_help():
    assert all(setting.help.endswith(".") for setting in SETTINGS.values())


def test_limits_are_shown_to_the_last_digit():
    with pytest.raises(ConfigError, match=r"seed must be at most 9223372036854775807, not 99999999999999999999999$"):
        Config(seed=99999999999999999999999)
    with pytest.raises(ConfigError, match=r"learning_rate must be above 0, not -1$"):
        Config(learning_rate=-1.0)


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({"cell": "LSTM"}, "cell", "lstm"),
        ({"cell": "GRU-before"}, "cell", "gru-before"),
        ({"cell": "rnn"}, "cell", "tanh"),
        ({"cell": "Elman"}, "cell", "tanh"),
        ({"optimizer": "Adam"}, "optimizer", "adam"),
        ({"precision": "BF16"}, "precision", "bf16"),
    ],
)
def test_case_does_not_matter_and_aliases_are_resolved(settings, name, value):
    assert getattr(Config(**settings), name) == value
    assert resolve(("x.yaml", settings))[0].to_dict()[name] == value


def test_every_choice_is_in_lower_case():
    assert all(choice == choice.casefold() for setting in SETTINGS.values() for choice in setting.choices)
    assert all(choice in setting.choices for setting in SETTINGS.values() for choice in setting.aliases.values())


def test_errors_name_the_options_that_were_typed():
    with (
        pytest.raises(OptionError, match=r"^--hidden-size must be at least 1, not 0$"),
        naming_options({"hidden_size"}),
    ):
        Config(hidden_size=0)
    with pytest.raises(SettingError, match=r"^hidden_size must be"), naming_options({"seq_len"}):
        Config(hidden_size=0)
    with pytest.raises(OptionError, match=r"^--cell 'cell' is not one of "), naming_options(SETTINGS):
        Config(cell="cell")
    with pytest.raises(OptionError, match=r"^batch_ramp .* with --split interleaved"), naming_options({"split"}):
        Config(batch_ramp=2, split="interleaved")
    assert option_of("num_layers") == "--num-layers"


def test_separators_have_the_normal_form_of_the_text():
    config = Config(separator="\u00e9", between="e\u0301", normalize="nfd")
    assert (config.separator, config.between) == ("e\u0301", "e\u0301")
    assert config.replace(normalize="nfc").between == "\u00e9"
    assert Config(separator="\u00e9", between="e\u0301").between == "e\u0301"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without an end")
def test_a_file_without_an_end_is_no_configuration():
    with pytest.raises(ConfigError, match=r"^/dev/zero is larger than 262,144 bytes, so not a YAML configuration"):
        presets.load_file(Path("/dev/zero"))
