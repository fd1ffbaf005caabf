"""Tables in files and pipes."""

import pytest

from charrnn.view.layout import grid, open_console


def show(width=40):
    table = grid("one", "two")
    table.add_row("a", "words " * 20)
    table.add_row("b", "")
    open_console(width).print(table)


def test_lines_of_a_file_have_no_trailing_spaces(capsys):
    show()
    lines = capsys.readouterr().out.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert lines[-1] == "b"
    assert 30 < max(map(len, lines)) <= 40


def test_columns_is_respected(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    show()
    assert 50 < max(map(len, capsys.readouterr().out.splitlines())) <= 60


@pytest.mark.parametrize("columns", ["0", "1", "9", "", "abc", "-5"])
def test_a_width_that_leaves_no_room_is_ignored(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    show()
    assert capsys.readouterr().out.splitlines()[-1] == "b"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show()
    assert capsys.readouterr().out.splitlines()[-1].strip() == "b"
