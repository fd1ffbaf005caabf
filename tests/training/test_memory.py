"""The estimate of memory is what a run takes, and a run that takes too much is refused before it begins."""

import gc
import tracemalloc

import pytest

from charrnn.cells.registry import CELLS
from charrnn.config import Config
from charrnn.device import memory as free
from charrnn.errors import ConfigError
from charrnn.network import memory
from charrnn.network.shape import Shape
from charrnn.training.memory import estimate
from tests.support.training import train

LARGE = {"hidden_size": 512, "num_layers": 2, "seq_len": 32, "batch_size": 8, "steps": 2, "sample_length": 0}


@pytest.mark.parametrize(
    "changes",
    [
        *({"cell": cell} for cell in CELLS if cell != "peephole"),  # it has no compiled kernels
        {"optimizer": "sgd"},
        {"average": "ema"},
        {"accumulate": 2},
        {"hidden_size": 64, "batch_size": 64, "seq_len": 100, "num_layers": 3},
        {"hidden_size": 64, "batch_size": 64, "seq_len": 100, "dropout": 0.3, "dropout_output": 0.2},
        {"dropout_weights": 0.3, "dropout_input": 0.1, "activation_penalty": 1.0},
        {"embedding_size": 500, "hidden_size": 200},
        {"num_layers": 8, "hidden_size": 128},
    ],
    ids=str,
)
def test_it_is_within_a_tenth_of_the_peak(tmp_path, changes):
    (tmp_path / "x.txt").write_text("".join(map(chr, range(40, 120))) * 200)
    settings = LARGE | changes
    gc.collect()
    tracemalloc.start()
    try:
        train(str(tmp_path / "x.txt"), settings, run="run", device="cpu", kernel="cpu")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    config = Config(**settings)
    need = sum(estimate(config, Shape.of(config, 80), 1600).values())
    assert need == pytest.approx(peak, rel=0.1)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"hidden_size": 100_000}, "--hidden-size"),
        ({"num_layers": 1000, "hidden_size": 1000}, "--num-layers or --hidden-size"),
        ({"embedding_size": 1_000_000}, "--embedding-size"),
        ({"batch_size": 4, "seq_len": 1_000_000}, "--batch-size or --seq-len"),
    ],
    ids=str,
)
def test_a_run_that_is_too_large_is_refused_at_once(text, tmp_path, monkeypatch, settings, advice):
    monkeypatch.setattr(memory, "available_memory", lambda: 100_000_000)
    pattern = rf"needs [\d,.]+ GB of memory \(.*\), and 0.1 GB are available; lower {advice}$"
    tracemalloc.start()
    with pytest.raises(ConfigError, match=pattern):
        train(text, {"num_layers": 1, "steps": 1, "batch_size": 1} | settings, run="run", device="cpu", kernel="numpy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000 and not (tmp_path / "run").exists()


def test_the_limit_of_the_address_space_counts(monkeypatch):
    before = free.available_memory()
    monkeypatch.setattr(free.resource, "getrlimit", lambda _: (1 << 30, 1 << 30))
    assert free.available_memory() < min(before or 1 << 40, 1 << 30)
