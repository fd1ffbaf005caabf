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
