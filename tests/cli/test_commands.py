"""What all commands have in common."""

from click.testing import CliRunner

from charrnn.cli import cli


def test_a_wrong_name_gets_a_guess():
    result = CliRunner().invoke(cli, ["trian", "x.txt"])
    assert result.exit_code == 2
    assert "there is no command 'trian'; did you mean train?" in result.stderr
    result = CliRunner().invoke(cli, ["zzz"])
    assert result.exit_code == 2
    assert result.stderr.endswith("there is no command 'zzz'\n")
    assert "No such option '--vresion'" in CliRunner().invoke(cli, ["--vresion"]).stderr
