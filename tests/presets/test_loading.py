"""YAML from anyone: what settings do not need is refused in one line, and costs nothing."""

import resource

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from charrnn.cli import cli
from charrnn.config import SETTINGS
from charrnn.errors import ConfigError
from charrnn.presets.loading import LARGEST, parse, read_mapping

BOMB = ",".join(f"&a{n} [{','.join([f'*a{n - 1}' if n else 'x'] * 9)}]" for n in range(9))
WRONG = {
    f"seed: [{BOMB}]": r"line 1: \*a0 is an alias; write the value out$",
    "a: &x 1\nb: *x": r"line 2: \*x is an alias",
    "a: &x [*x]": r"line 1: \*x is an alias",
    "a: " + "[" * 20_000: "line 1: is nested more than 16 deep$",
    "a: " + "{b: " * 500: "line 1: is nested more than 16 deep$",
    "a:\n" + "- 1\n" * 30_000: r"line \d+: is beyond the first 20,000 values$",
    "a: !!python/object/apply:os.system ['true']": "line 1: the tag '.*' is not read here; leave it out$",
    "a: 1\nb: !!set {a, b}": "line 2: the tag .*set' is not read here",
    "a: !!binary AAAA": "the tag .*binary'",
    "a: !!omap [a: 1]": "the tag .*omap'",
    "a: !custom 1": "the tag '!custom'",
    "a: !!int zz": "line 1: 'zz' cannot be read$",
    "a: !!float x": "line 1: 'x' cannot be read$",
    "a: !!bool maybe": "line 1: 'maybe' cannot be read$",
    "a: " + "9" * 5000: "line 1: '9{29}…9{29}' cannot be read$",
    "a: 2001-01-01": "line 1: '2001-01-01' is a date; put it in quotes$",
    "a: 1:30": "line 1: '1:30' is not a number; leave out the colon, or put it in quotes$",
    "seed: 1\nsteps: 2\nseed: 3": "line 3: 'seed' is there twice; leave one out$",
    "grid:\n  seed: [1]\n  seed: [2]": "line 3: 'seed' is there twice",
    "1: 2": "line 1: '1' is not a name$",
    "null: 2": "line 1: 'null' is not a name$",
    "? [a]\n: 2": "line 1: a list or mapping is not a name$",
    "<<: {a: 1}": "line 1: << is not read here; write the settings out$",
    "": "is empty$",
    "5": "does not consist of",
    "[]": "does not consist of",
    "a: 1\n---\nb: 2": "is not valid YAML",
    "a: \x00": r"control character U\+0000",
    "a: [": "is not valid YAML",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:20])
def test_what_settings_do_not_need_is_refused(text):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConfigError, match=WRONG[text]) as refusal:
        parse(text, "x.yaml")
    assert len(str(refusal.value)) < 300 and "\n" not in str(refusal.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_file_is_read_up_to_a_limit(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: " + "x" * LARGEST)
    with pytest.raises(ConfigError, match="is larger than 262,144 bytes"):
        read_mapping(path)
    with pytest.raises(ConfigError, match="/dev/zero is larger than"):
        read_mapping(type(path)("/dev/zero"))


def test_a_byte_order_mark_is_left_out(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfseed: 1\n")
    assert read_mapping(tmp_path / "x.yaml") == {"seed": 1}


VALUES = (
    "1e400",
    "-1e400",
    ".nan",
    ".inf",
    "9" * 400,
    "-9e999",
    "~",
    "[[[]]]",
    "{a: {b: c}}",
    '"' + "x" * 200_000 + '"',
)


@pytest.mark.parametrize("name", SETTINGS)
def test_no_value_of_a_setting_is_more_than_one_line(name, text, tmp_path):
    for value in VALUES:
        (tmp_path / "x.yaml").write_text(f"{name}: {value}\n")
        (tmp_path / "sweep.yaml").write_text(f"corpus: fox.txt\ngrid:\n  {name}: [{value}]\n")
        for arguments in (
            ("train", text, "--config", "x.yaml", "--steps", "1", "--hidden-size", "4", "--device", "cpu"),
            ("sweep", "sweep.yaml", "--print-commands"),
        ):
            result = CliRunner().invoke(cli, [*arguments, *(["--kernel", "numpy"] if arguments[0] == "train" else [])])
            assert result.exception is None or isinstance(result.exception, SystemExit), (value, arguments)
            if result.exit_code:
                *_, line = result.stderr.splitlines()
                assert line.startswith("Error: ") and len(line) <= 300


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        parse(data.decode("utf-8", "replace"), "x.yaml")
    except ConfigError as refusal:
        assert "\n" not in str(refusal)
