"""The bar of work that takes long."""

from charrnn.cli import progress


def test_a_bar_is_shown_on_a_terminal_only(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    shown = []

    class Bar:
        pos = 0

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

        def update(self, steps):
            self.pos += steps
            shown.append((self.pos, self.length))

    monkeypatch.setattr(progress.sys, "stderr", Terminal())
    monkeypatch.setattr(progress.click, "progressbar", lambda **options: Bar())
    with progress.progress_bar("x") as show:
        show(3, 10)
        show(10, 10)
        show(1, 5)  # the next source begins
    assert shown == [(3, 10), (10, 10), (1, 5)]


def test_short_work_has_no_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    with progress.progress_bar("x", after=60) as show:
        show(1, 2)
    assert capsys.readouterr().err == ""


def test_without_a_terminal_there_is_no_bar():
    with progress.progress_bar("x") as show:
        assert show is None


def test_an_unknown_total_is_a_number_that_is_removed_at_the_end(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "PAINT_SECONDS", 0.0)
    with progress.progress_bar("x") as show:
        show(45_100, 0)
        show(999, 0)
    first, second, removed = "reading 45.1 kB", "reading 999 B".ljust(15), " " * 13
    assert capsys.readouterr().err == f"\r{first}\r\r{second}\r\r{removed}\r"


def test_a_total_that_becomes_known_replaces_the_number_by_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "PAINT_SECONDS", 0.0)
    with progress.progress_bar("x") as show:
        show(5, 0)
        show(5, 10)
        show(10, 10)
    shown = capsys.readouterr().err
    assert shown.startswith("\rreading 5 B\r\r           \r") and "100%" in shown
