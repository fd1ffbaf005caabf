"""A workload, a machine and a worker's answer that the tests of bench share."""

from charrnn.bench.machine import Machine
from charrnn.bench.workload import Workload

TINY = Workload("lstm", vocab_size=5, hidden_size=3, num_layers=2, seq_len=7, batch_size=2)
MACHINE = Machine("cpu", "a processor", 2, 10.0, {})


def answer(name, *steps, sampling=None):
    """What a worker says; a fifth of a step is not spent in the products."""
    seconds = {"step": list(steps)} | {
        phase: [share * each for each in steps] for phase, share in (("forward", 0.3), ("backward", 0.5), ("rest", 0.2))
    }
    return {
        "name": name,
        "precision": "float32",
        "seconds": seconds,
        "loss": 1.0,
        "memory": {"before": 1000, "peak": 4000},
        "sampling": sampling,
    }
