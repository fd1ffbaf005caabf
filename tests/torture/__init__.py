"""Runs that are killed, cut off, filled up and damaged at every point: nothing may be lost.

`python -m tests.torture` runs every case and prints a table; the tests here run some of each kind. A case survives if
the run ends with the bytes of one that was left alone, or with one line and exit code 1, and nothing good is replaced.
"""
