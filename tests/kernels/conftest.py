"""What several tests of kernels need."""

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a shim compiles to."""
    return tmp_path_factory.mktemp("shim")
