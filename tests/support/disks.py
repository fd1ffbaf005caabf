"""File systems that lack something."""

import fcntl
import mmap
import os
from pathlib import Path


def without_locks(monkeypatch, number):
    """Let `flock` fail with the error `number`, as it does on some disks of clusters and clouds."""

    def refuse(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


def without_maps(monkeypatch, number):
    """Let `mmap` fail with the error `number`."""

    class Refused(mmap.mmap):
        def __new__(cls, *arguments, **options):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(mmap, "mmap", Refused)


def failing(number):
    """A function that fails with the error `number`."""

    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    return fail


def without_sync(monkeypatch, number):
    """Let `fsync` fail with the error `number`."""
    monkeypatch.setattr(os, "fsync", failing(number))


def without_renaming(monkeypatch, number):
    """Let renaming files and folders fail with the error `number`."""
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, failing(number))
        monkeypatch.setattr(Path, name, failing(number))
