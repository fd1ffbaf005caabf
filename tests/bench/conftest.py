import pytest

from charrnn.bench import machine


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Measuring the machine takes no time."""
    monkeypatch.setattr(machine, "_SECONDS", 0.0)
    monkeypatch.setattr(machine, "_GEMM", {"cpu": 8})
    monkeypatch.setattr(machine, "_COPY_BYTES", {"cpu": 1 << 10})
