"""Fixtures that several tests of kernels share."""

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder that a shim compiles into."""
    return tmp_path_factory.mktemp("shim")
