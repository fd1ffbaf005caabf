"""Signals that ask a command to end."""

import signal

import pytest

from charrnn.cli.signals import handled, leave


def test_they_are_taken_while_it_lasts():
    before, taken = signal.getsignal(signal.SIGTERM), []
    with handled(lambda number, frame: taken.append(number), "SIGTERM", "SIGHUP", "SIGNOSUCH"):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
    assert taken == [signal.SIGTERM, signal.SIGHUP]
    assert signal.getsignal(signal.SIGTERM) is before
    with pytest.raises(SystemExit, match="143"), handled(leave, "SIGTERM"):
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_nohup_started_lives_on_when_the_terminal_is_closed():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with handled(leave, "SIGTERM", "SIGHUP"):
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
