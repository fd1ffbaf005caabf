"""Settings as options."""

import pytest
from click.testing import CliRunner

from charrnn.cli import cli


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--hidden-size", "1e6", "'1e6' is not a whole number; write 1000000."),
        ("--steps", "5.0", "'5.0' is not a whole number; write 5."),
        ("--threads", "2.0", "'2.0' is not a whole number; write 2."),
        ("--batch-size", "2.5", "'2.5' is not a whole number."),
        ("--num-layers", "two", "'two' is not a whole number."),
        ("--seed", "nan", "'nan' is not a whole number."),
        ("--seed", "inf", "'inf' is not a whole number."),
        ("--learning-rate", "fast", "'fast' is not a number."),
    ],
)
def test_a_number_that_is_none(option, value, reason):
    result = CliRunner().invoke(cli, ["train", "x.txt", option, value])
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == f"Error: Invalid value for {option!r}: {reason}"


def test_an_encoding_that_does_not_exist_is_wrong_usage(text):
    result = CliRunner().invoke(cli, ["train", text, "--encoding", "nosuch"])
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith("Error: there is no encoding 'nosuch'; try utf-8")
