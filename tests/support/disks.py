"""File systems that lack something."""

import fcntl
import mmap
import os


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
